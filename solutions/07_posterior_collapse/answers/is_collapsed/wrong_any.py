# Collapsed if the KL is small at any data point. hint: the smallest KL of a unit
def is_collapsed(kl_per_unit: torch.Tensor, threshold: float) -> torch.Tensor:
    return (kl_per_unit <= threshold).any(dim=0).to(kl_per_unit.dtype)
