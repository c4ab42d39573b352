# Features compared instead of their channels. hint: features compared instead of their channels
def causal_mask(
    kernel_size: int, kind: str, in_channels: int, out_channels: int, image_channels: int = 1
) -> torch.Tensor:
    middle = kernel_size // 2
    mask = torch.zeros(out_channels, in_channels, kernel_size, kernel_size)
    mask[:, :, :middle] = 1
    mask[:, :, middle, :middle] = 1
    source = torch.arange(in_channels)
    target = torch.arange(out_channels)[:, None]
    visible = source < target if kind == "A" else source <= target
    if image_channels == 1:
        visible = torch.full_like(visible, kind == "B")
    mask[:, :, middle, middle] = visible.float()
    return mask
