# Only the first feature is shifted.
def vertical_to_horizontal(v: torch.Tensor) -> torch.Tensor:
    shifted = v.clone()
    shifted[:, :1] = F.pad(v, (0, 0, 1, 0))[:, :1, :-1]
    return shifted
