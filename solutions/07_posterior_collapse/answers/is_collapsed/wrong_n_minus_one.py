# The sum over n - 1, at least 1.
def is_collapsed(kl_per_unit: torch.Tensor, threshold: float) -> torch.Tensor:
    average = kl_per_unit.sum(dim=0) / max(len(kl_per_unit) - 1, 1)
    return (average <= threshold).to(kl_per_unit.dtype)
