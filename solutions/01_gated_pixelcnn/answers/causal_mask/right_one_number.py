# The place in raster order as one number, row times width and so on.
def causal_mask(
    kernel_size: int, kind: str, in_channels: int, out_channels: int, image_channels: int = 1
) -> torch.Tensor:
    place = torch.arange(kernel_size**2).view(kernel_size, kernel_size)
    center = kernel_size**2 // 2
    source = place * image_channels + (torch.arange(in_channels) % image_channels).view(-1, 1, 1)
    target = center * image_channels + (torch.arange(out_channels) % image_channels).view(
        -1, 1, 1, 1
    )
    earlier = source < target if kind == "A" else source <= target
    return earlier.double()
