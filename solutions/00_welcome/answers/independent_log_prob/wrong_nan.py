# Zero times minus infinity is NaN where a pixel is certain.
def independent_log_prob(x: torch.Tensor, probability: torch.Tensor) -> torch.Tensor:
    return (x * probability.log() + (1 - x) * (1 - probability).log()).sum(dim=1)
