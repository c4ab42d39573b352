# Minus log q is added to the entropy. hint: minus log q added
def info_lower_bound_continuous(
    mu: torch.Tensor, log_sigma: torch.Tensor, code: torch.Tensor
) -> torch.Tensor:
    import math

    log_q = distributions.gaussian_log_prob(code, mu, log_sigma)
    entropy = mu.shape[-1] * math.log(2)
    return entropy - log_q
