# A small constant is added to the standard deviation.
def info_lower_bound_continuous(
    mu: torch.Tensor, log_sigma: torch.Tensor, code: torch.Tensor
) -> torch.Tensor:
    import math

    entropy = mu.shape[-1] * math.log(2)
    sigma = torch.exp(log_sigma) + 1e-8
    log_q = -0.5 * math.log(2 * math.pi) - sigma.log() - 0.5 * ((code - mu) / sigma) ** 2
    return entropy + log_q.sum(dim=-1)
