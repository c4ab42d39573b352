# torch's own distributions, for q and for the prior.
def info_lower_bound_continuous(
    mu: torch.Tensor, log_sigma: torch.Tensor, code: torch.Tensor
) -> torch.Tensor:

    prior = torch.distributions.Uniform(-torch.ones_like(mu), torch.ones_like(mu))
    q = torch.distributions.Normal(mu, log_sigma.exp())
    return (prior.entropy() + q.log_prob(code)).sum(dim=-1)
