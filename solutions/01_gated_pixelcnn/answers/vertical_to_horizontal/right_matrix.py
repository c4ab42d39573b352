# A matrix with ones below its diagonal, applied to the rows.
def vertical_to_horizontal(v: torch.Tensor) -> torch.Tensor:
    below = torch.eye(v.shape[2], dtype=v.dtype).roll(1, dims=0)
    below[0] = 0
    return below @ v
