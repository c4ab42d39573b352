# The cost, which is the negative of the log-probability.
def independent_log_prob(x: torch.Tensor, probability: torch.Tensor) -> torch.Tensor:
    return -(torch.xlogy(x, probability) + torch.xlogy(1 - x, 1 - probability)).sum(dim=1)
