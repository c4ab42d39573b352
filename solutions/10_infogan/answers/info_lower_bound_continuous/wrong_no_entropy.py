# The entropy of the codes is dropped. hint: log q(c|x) without H(c)
def info_lower_bound_continuous(
    mu: torch.Tensor, log_sigma: torch.Tensor, code: torch.Tensor
) -> torch.Tensor:

    log_q = distributions.gaussian_log_prob(code, mu, log_sigma)
    return log_q
