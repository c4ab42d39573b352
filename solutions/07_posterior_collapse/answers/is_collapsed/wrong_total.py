# The KL of all units together against the threshold.
def is_collapsed(kl_per_unit: torch.Tensor, threshold: float) -> torch.Tensor:
    return (kl_per_unit.sum(dim=1).mean() <= threshold).to(kl_per_unit.dtype)
