# Probabilities are clamped, so an impossible image is merely unlikely.
def independent_log_prob(x: torch.Tensor, probability: torch.Tensor) -> torch.Tensor:
    p = probability.clamp(1e-4, 1 - 1e-4)
    return (x * p.log() + (1 - x) * (1 - p).log()).sum(dim=1)
