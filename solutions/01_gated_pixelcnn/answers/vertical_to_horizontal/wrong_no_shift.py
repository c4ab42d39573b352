# No shift: the horizontal stack reads its own row in its whole width.
def vertical_to_horizontal(v: torch.Tensor) -> torch.Tensor:
    return v.clone()
