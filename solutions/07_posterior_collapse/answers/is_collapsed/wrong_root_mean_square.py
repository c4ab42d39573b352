# The root of the mean square instead of the average.
def is_collapsed(kl_per_unit: torch.Tensor, threshold: float) -> torch.Tensor:
    average = (kl_per_unit**2).mean(dim=0).sqrt()
    return (average <= threshold).to(kl_per_unit.dtype)
