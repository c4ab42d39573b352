# A row of zeros before all rows but the last.
def vertical_to_horizontal(v: torch.Tensor) -> torch.Tensor:
    return torch.cat([torch.zeros_like(v[:, :, :1]), v[:, :, :-1]], dim=2)
