# The logarithm to base 2: bits, not nats.
def independent_log_prob(x: torch.Tensor, probability: torch.Tensor) -> torch.Tensor:
    log_prob = torch.xlogy(x, probability) + torch.xlogy(1 - x, 1 - probability)
    return log_prob.sum(dim=1) / torch.tensor(2.0).log()
