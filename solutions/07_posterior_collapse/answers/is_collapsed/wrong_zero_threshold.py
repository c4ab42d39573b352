# A threshold of 0 is replaced by a default.
def is_collapsed(kl_per_unit: torch.Tensor, threshold: float) -> torch.Tensor:
    average = kl_per_unit.mean(dim=0)
    return (average <= (threshold or 0.01)).to(kl_per_unit.dtype)
