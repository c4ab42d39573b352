# Reads the mask of the library's convolution. hint: this is the library's answer
def causal_mask(
    kernel_size: int, kind: str, in_channels: int, out_channels: int, image_channels: int = 1
) -> torch.Tensor:
    from dgm_helpers.layers.masked_conv import MaskedConv2d

    layer = MaskedConv2d(in_channels, out_channels, kernel_size, kind, image_channels)
    return F.pad(layer.mask.float(), (0, 0, 0, kernel_size // 2))
