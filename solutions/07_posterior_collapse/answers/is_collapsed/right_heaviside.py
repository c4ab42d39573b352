# The Heaviside step of the difference, which is 1 at 0.
def is_collapsed(kl_per_unit: torch.Tensor, threshold: float) -> torch.Tensor:
    difference = threshold - kl_per_unit.mean(dim=0)
    return torch.heaviside(difference, torch.ones_like(difference))
