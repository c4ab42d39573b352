# The entropy of q instead of the prior's. hint: the entropy of q instead of H(c)
def info_lower_bound_continuous(
    mu: torch.Tensor, log_sigma: torch.Tensor, code: torch.Tensor
) -> torch.Tensor:

    log_q = distributions.gaussian_log_prob(code, mu, log_sigma)
    return distributions.gaussian_entropy(log_sigma) + log_q
