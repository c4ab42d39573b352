# Collapsed if at least 99% of the points are below the threshold.
def is_collapsed(kl_per_unit: torch.Tensor, threshold: float) -> torch.Tensor:
    share = (kl_per_unit <= threshold).double().mean(dim=0)
    return (share >= 0.99).to(kl_per_unit.dtype)
