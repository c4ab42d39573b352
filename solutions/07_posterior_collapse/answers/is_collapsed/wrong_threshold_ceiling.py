# The threshold is bounded above by 1.
def is_collapsed(kl_per_unit: torch.Tensor, threshold: float) -> torch.Tensor:
    return (kl_per_unit.mean(dim=0) <= min(threshold, 1.0)).to(kl_per_unit.dtype)
