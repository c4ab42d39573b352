# The threshold is bounded below.
def is_collapsed(kl_per_unit: torch.Tensor, threshold: float) -> torch.Tensor:
    return (kl_per_unit.mean(dim=0) <= max(threshold, 1e-6)).to(kl_per_unit.dtype)
