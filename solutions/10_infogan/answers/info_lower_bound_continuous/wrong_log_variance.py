# log_sigma is taken for the logarithm of the variance. hint: as the logarithm of the variance
def info_lower_bound_continuous(
    mu: torch.Tensor, log_sigma: torch.Tensor, code: torch.Tensor
) -> torch.Tensor:
    import math

    entropy = mu.shape[-1] * math.log(2)
    return entropy + distributions.gaussian_log_prob(code, mu, 0.5 * log_sigma)
