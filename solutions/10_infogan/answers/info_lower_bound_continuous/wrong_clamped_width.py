# log_sigma is clamped at -5.
def info_lower_bound_continuous(
    mu: torch.Tensor, log_sigma: torch.Tensor, code: torch.Tensor
) -> torch.Tensor:
    import math

    log_sigma = log_sigma.clamp(min=-5)
    log_q = distributions.gaussian_log_prob(code, mu, log_sigma)
    return mu.shape[1] * math.log(2) + log_q
