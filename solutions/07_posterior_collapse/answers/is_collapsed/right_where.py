# By torch.where, from the units in use.
def is_collapsed(kl_per_unit: torch.Tensor, threshold: float) -> torch.Tensor:
    average = torch.einsum("nd->d", kl_per_unit) / len(kl_per_unit)
    return torch.where(average > threshold, torch.zeros_like(average), torch.ones_like(average))
