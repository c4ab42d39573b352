# Divides its argument by the number of points. hint: work on a copy
def is_collapsed(kl_per_unit: torch.Tensor, threshold: float) -> torch.Tensor:
    kl_per_unit /= len(kl_per_unit)
    return (kl_per_unit.sum(dim=0) <= threshold).to(kl_per_unit.dtype)
