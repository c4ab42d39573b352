# Entry by entry: triples of row, column and channel compared as tuples.
def causal_mask(
    kernel_size: int, kind: str, in_channels: int, out_channels: int, image_channels: int = 1
) -> torch.Tensor:
    mask = torch.zeros(out_channels, in_channels, kernel_size, kernel_size)
    middle = kernel_size // 2
    for o in range(out_channels):
        for f in range(in_channels):
            for u in range(kernel_size):
                for v in range(kernel_size):
                    here = (middle, middle, o % image_channels)
                    there = (u, v, f % image_channels)
                    if there < here or (kind == "B" and there == here):
                        mask[o, f, u, v] = 1.0
    return mask
