# The mean over the pixels instead of the sum.
def independent_log_prob(x: torch.Tensor, probability: torch.Tensor) -> torch.Tensor:
    return (torch.xlogy(x, probability) + torch.xlogy(1 - x, 1 - probability)).mean(dim=1)
