# The entropy of a single code, however many there are. hint: the entropy of only one code
def info_lower_bound_continuous(
    mu: torch.Tensor, log_sigma: torch.Tensor, code: torch.Tensor
) -> torch.Tensor:
    import math

    log_q = distributions.gaussian_log_prob(code, mu, log_sigma)
    return math.log(2) + log_q
