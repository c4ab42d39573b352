# Errors beyond ten standard deviations are capped.
def info_lower_bound_continuous(
    mu: torch.Tensor, log_sigma: torch.Tensor, code: torch.Tensor
) -> torch.Tensor:
    import math

    s = ((code - mu) / log_sigma.exp()).clamp(-10, 10)
    return (math.log(2) - 0.5 * math.log(2 * math.pi) - log_sigma - 0.5 * s**2).sum(dim=1)
