# Axes of length 1 are dropped.
def vertical_to_horizontal(v: torch.Tensor) -> torch.Tensor:
    return F.pad(v, (0, 0, 1, 0))[:, :, :-1].squeeze()
