# The log of the ratio of q to the prior's density one half.
def info_lower_bound_continuous(
    mu: torch.Tensor, log_sigma: torch.Tensor, code: torch.Tensor
) -> torch.Tensor:

    log_prior = torch.full_like(mu, 0.5).log().sum(dim=-1)
    return distributions.gaussian_log_prob(code, mu, log_sigma) - log_prior
