# The squared error divided by sigma. hint: divide by σ²
def info_lower_bound_continuous(
    mu: torch.Tensor, log_sigma: torch.Tensor, code: torch.Tensor
) -> torch.Tensor:
    import math

    entropy = mu.shape[-1] * math.log(2)
    error = (code - mu) ** 2 / torch.exp(log_sigma)
    return entropy + (-0.5 * math.log(2 * math.pi) - log_sigma - 0.5 * error).sum(dim=-1)
