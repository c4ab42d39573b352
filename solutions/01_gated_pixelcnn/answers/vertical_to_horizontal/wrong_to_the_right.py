# The columns are shifted in the place of the rows.
def vertical_to_horizontal(v: torch.Tensor) -> torch.Tensor:
    return F.pad(v, (1, 0))[..., :-1]
