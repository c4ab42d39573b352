# The shift is written into the argument; raises where a gradient is asked for. hint: work on a copy
def vertical_to_horizontal(v: torch.Tensor) -> torch.Tensor:
    v[:, :, 1:] = v[:, :, :-1].clone()
    v[:, :, 0] = 0
    return v
