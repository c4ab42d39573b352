# A multivariate Gaussian with a diagonal covariance.
def info_lower_bound_continuous(
    mu: torch.Tensor, log_sigma: torch.Tensor, code: torch.Tensor
) -> torch.Tensor:
    import math

    scale = torch.diag_embed(log_sigma.exp())
    q = torch.distributions.MultivariateNormal(mu, scale_tril=scale)
    return mu.shape[1] * math.log(2) + q.log_prob(code)
