# The center is all hidden for A and all visible for B. hint: the order of the channels ignored
def causal_mask(
    kernel_size: int, kind: str, in_channels: int, out_channels: int, image_channels: int = 1
) -> torch.Tensor:
    middle = kernel_size // 2
    mask = torch.zeros(out_channels, in_channels, kernel_size, kernel_size)
    mask[:, :, :middle] = 1
    mask[:, :, middle, : middle + (kind == "B")] = 1
    return mask
