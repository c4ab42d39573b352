# A mean over the codes. hint: so the bound is a sum
def info_lower_bound_continuous(
    mu: torch.Tensor, log_sigma: torch.Tensor, code: torch.Tensor
) -> torch.Tensor:
    import math

    standardized = (code - mu) / torch.exp(log_sigma)
    log_q = -0.5 * math.log(2 * math.pi) - log_sigma - 0.5 * standardized**2
    return (math.log(2) + log_q).mean(dim=-1)
