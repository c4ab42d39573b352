# A fixed width of 1. hint: a width of 1
def info_lower_bound_continuous(
    mu: torch.Tensor, log_sigma: torch.Tensor, code: torch.Tensor
) -> torch.Tensor:
    import math

    entropy = mu.shape[-1] * math.log(2)
    return entropy + distributions.gaussian_log_prob(code, mu, torch.zeros_like(mu))
