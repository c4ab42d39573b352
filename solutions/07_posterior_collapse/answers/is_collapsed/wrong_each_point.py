# A verdict for every data point and unit. hint: a verdict per data point
def is_collapsed(kl_per_unit: torch.Tensor, threshold: float) -> torch.Tensor:
    return (kl_per_unit <= threshold).to(kl_per_unit.dtype)
