# The largest KL of a unit against the threshold. hint: the largest KL of a unit
def is_collapsed(kl_per_unit: torch.Tensor, threshold: float) -> torch.Tensor:
    return (kl_per_unit.amax(dim=0) <= threshold).to(kl_per_unit.dtype)
