# The square is multiplied by sigma squared.
def info_lower_bound_continuous(
    mu: torch.Tensor, log_sigma: torch.Tensor, code: torch.Tensor
) -> torch.Tensor:
    import math

    parts = -0.5 * math.log(2 * math.pi) - log_sigma - 0.5 * ((code - mu) * log_sigma.exp()) ** 2
    return (math.log(2) + parts).sum(dim=1)
