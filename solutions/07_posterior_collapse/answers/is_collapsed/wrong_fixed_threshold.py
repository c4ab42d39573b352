# The threshold is ignored.
def is_collapsed(kl_per_unit: torch.Tensor, threshold: float) -> torch.Tensor:
    return (kl_per_unit.mean(dim=0) <= 0.01).to(kl_per_unit.dtype)
