# Another estimate of the same KL, (r - 1) - log r of the ratio r = p/q: never negative, and not (8.20).
def marginal_kl(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor, prior: torch.nn.Module
) -> torch.Tensor:
    log_mixture = surgery.aggregated_posterior_log_prob(z, mu, log_sigma)
    log_ratio = prior.log_prob(z) - log_mixture
    return (log_ratio.exp() - 1 - log_ratio).mean()
