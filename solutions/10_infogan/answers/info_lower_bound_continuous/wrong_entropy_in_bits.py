# The entropy in bits: 1 for each code. hint: H(c) in bits
def info_lower_bound_continuous(
    mu: torch.Tensor, log_sigma: torch.Tensor, code: torch.Tensor
) -> torch.Tensor:

    log_q = distributions.gaussian_log_prob(code, mu, log_sigma)
    return mu.shape[-1] + log_q
