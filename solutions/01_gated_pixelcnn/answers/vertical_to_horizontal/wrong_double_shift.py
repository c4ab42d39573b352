# Two shifts: the row above is never seen. hint: two shifts
def vertical_to_horizontal(v: torch.Tensor) -> torch.Tensor:
    return F.pad(v, (0, 0, 2, 0))[:, :, : v.shape[2]]
