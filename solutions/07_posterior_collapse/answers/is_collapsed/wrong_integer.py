# Integers: the dtype is not that of the input. hint: `.to(kl_per_unit.dtype)` converts
def is_collapsed(kl_per_unit: torch.Tensor, threshold: float) -> torch.Tensor:
    return (kl_per_unit.mean(dim=0) <= threshold).long()
