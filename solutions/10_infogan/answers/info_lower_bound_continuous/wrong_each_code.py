# One number for each code. hint: one number per code
def info_lower_bound_continuous(
    mu: torch.Tensor, log_sigma: torch.Tensor, code: torch.Tensor
) -> torch.Tensor:
    import math

    standardized = (code - mu) / torch.exp(log_sigma)
    return math.log(2) - 0.5 * math.log(2 * math.pi) - log_sigma - 0.5 * standardized**2
