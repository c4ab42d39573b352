# An average over the units; one number for each data point. hint: an average over the units
def is_collapsed(kl_per_unit: torch.Tensor, threshold: float) -> torch.Tensor:
    return (kl_per_unit.mean(dim=1) <= threshold).to(kl_per_unit.dtype)
