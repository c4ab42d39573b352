# Rows that go round, and the first of them set to zero.
def vertical_to_horizontal(v: torch.Tensor) -> torch.Tensor:
    shifted = v.roll(1, dims=2)
    shifted[:, :, 0] = 0
    return shifted
