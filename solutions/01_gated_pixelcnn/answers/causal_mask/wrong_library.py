# Calls the library's mask. hint: this is the library's answer
def causal_mask(
    kernel_size: int, kind: str, in_channels: int, out_channels: int, image_channels: int = 1
) -> torch.Tensor:
    from dgm_helpers.layers import masked_conv

    return (
        masked_conv.causal_mask(kernel_size, kind, in_channels, out_channels, image_channels) * 1.0
    )
