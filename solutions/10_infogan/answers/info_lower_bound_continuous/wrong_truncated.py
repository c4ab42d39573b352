# q is normalized on (-1, 1): a truncated Gaussian, which (10.13) is not.
def info_lower_bound_continuous(
    mu: torch.Tensor, log_sigma: torch.Tensor, code: torch.Tensor
) -> torch.Tensor:
    import math

    q = torch.distributions.Normal(mu, log_sigma.exp())
    mass = (q.cdf(torch.ones_like(mu)) - q.cdf(-torch.ones_like(mu))).clamp(min=1e-300)
    return (math.log(2) + q.log_prob(code) - mass.log()).sum(dim=1)
