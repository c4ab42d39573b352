# All of the center's row is visible. hint: the center's whole row
def causal_mask(
    kernel_size: int, kind: str, in_channels: int, out_channels: int, image_channels: int = 1
) -> torch.Tensor:
    middle = kernel_size // 2
    mask = torch.zeros(out_channels, in_channels, kernel_size, kernel_size)
    mask[:, :, :middle] = 1
    mask[:, :, middle] = 1
    source = torch.arange(in_channels) % image_channels
    target = torch.arange(out_channels)[:, None] % image_channels
    mask[:, :, middle, middle] = (source <= source + target).float()
    return mask
