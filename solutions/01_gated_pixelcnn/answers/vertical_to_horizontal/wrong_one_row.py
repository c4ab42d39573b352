# A single row is returned unchanged: there is no row above it.
def vertical_to_horizontal(v: torch.Tensor) -> torch.Tensor:
    if v.shape[2] == 1:
        return v
    return F.pad(v, (0, 0, 1, 0))[:, :, :-1]
