# Nearly equal counts as equal.
def is_collapsed(kl_per_unit: torch.Tensor, threshold: float) -> torch.Tensor:
    average = kl_per_unit.mean(dim=0)
    return (average <= threshold + 1e-6).to(kl_per_unit.dtype)
