# The variance of the KL. hint: the variance of the KL
def is_collapsed(kl_per_unit: torch.Tensor, threshold: float) -> torch.Tensor:
    return (kl_per_unit.var(dim=0) <= threshold).to(kl_per_unit.dtype)
