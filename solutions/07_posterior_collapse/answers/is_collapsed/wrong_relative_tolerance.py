# One percent above the threshold still counts.
def is_collapsed(kl_per_unit: torch.Tensor, threshold: float) -> torch.Tensor:
    average = kl_per_unit.mean(dim=0)
    return (average <= 1.01 * threshold).to(kl_per_unit.dtype)
