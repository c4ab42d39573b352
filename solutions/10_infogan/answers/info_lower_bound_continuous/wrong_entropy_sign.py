# The entropy is subtracted. hint: the entropy subtracted
def info_lower_bound_continuous(
    mu: torch.Tensor, log_sigma: torch.Tensor, code: torch.Tensor
) -> torch.Tensor:
    import math

    log_q = distributions.gaussian_log_prob(code, mu, log_sigma)
    entropy = mu.shape[-1] * math.log(2)
    return log_q - entropy
