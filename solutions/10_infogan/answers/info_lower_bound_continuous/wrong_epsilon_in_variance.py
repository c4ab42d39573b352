# A small constant is added to the variance. hint: 1e-8 added
def info_lower_bound_continuous(
    mu: torch.Tensor, log_sigma: torch.Tensor, code: torch.Tensor
) -> torch.Tensor:
    import math

    entropy = mu.shape[-1] * math.log(2)
    variance = torch.exp(2 * log_sigma) + 1e-8
    log_q = -0.5 * (math.log(2 * math.pi) + variance.log() + (code - mu) ** 2 / variance)
    return entropy + log_q.sum(dim=-1)
