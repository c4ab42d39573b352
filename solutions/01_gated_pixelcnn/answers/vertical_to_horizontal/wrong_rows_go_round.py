# The last row comes back as the first.
def vertical_to_horizontal(v: torch.Tensor) -> torch.Tensor:
    return v.roll(1, dims=2)
