# Only the first half of the points.
def is_collapsed(kl_per_unit: torch.Tensor, threshold: float) -> torch.Tensor:
    average = kl_per_unit[: (len(kl_per_unit) + 1) // 2].mean(dim=0)
    return (average <= threshold).to(kl_per_unit.dtype)
