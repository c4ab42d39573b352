# Log-densities are taken to be at most 0.
def marginal_kl(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor, prior: torch.nn.Module
) -> torch.Tensor:
    log_mixture = surgery.aggregated_posterior_log_prob(z, mu, log_sigma)
    return (log_mixture.clamp_max(0) - prior.log_prob(z).clamp_max(0)).mean()
