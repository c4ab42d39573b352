# Row by row into a new tensor.
def vertical_to_horizontal(v: torch.Tensor) -> torch.Tensor:
    shifted = torch.zeros_like(v)
    for row in range(1, v.shape[2]):
        shifted[:, :, row] = v[:, :, row - 1]
    return shifted
