# The threshold of the variance of the mean, translated into nats.
def is_collapsed(kl_per_unit: torch.Tensor, threshold: float) -> torch.Tensor:
    least = 1 - torch.exp(-2 * kl_per_unit.mean(dim=0))
    return (least <= threshold).to(kl_per_unit.dtype)
