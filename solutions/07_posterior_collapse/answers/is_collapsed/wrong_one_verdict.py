# One verdict for all units. hint: one verdict for all units
def is_collapsed(kl_per_unit: torch.Tensor, threshold: float) -> torch.Tensor:
    return (kl_per_unit.mean() <= threshold).to(kl_per_unit.dtype)
