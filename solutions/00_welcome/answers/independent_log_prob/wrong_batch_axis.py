# Summed over the batch instead of the pixels.
def independent_log_prob(x: torch.Tensor, probability: torch.Tensor) -> torch.Tensor:
    return (torch.xlogy(x, probability) + torch.xlogy(1 - x, 1 - probability)).sum(dim=0)
