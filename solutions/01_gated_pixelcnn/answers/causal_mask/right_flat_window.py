# The window as one row, cut at its middle; int64.
def causal_mask(
    kernel_size: int, kind: str, in_channels: int, out_channels: int, image_channels: int = 1
) -> torch.Tensor:
    half = kernel_size**2 // 2
    channel = torch.arange(max(in_channels, out_channels)) % image_channels
    center = channel[None, :in_channels] - channel[:out_channels, None] < (1 if kind == "B" else 0)
    mask = torch.zeros(out_channels, in_channels, kernel_size**2, dtype=torch.int64)
    mask[..., :half], mask[..., half] = 1, center
    return mask.unflatten(2, (kernel_size, kernel_size))
