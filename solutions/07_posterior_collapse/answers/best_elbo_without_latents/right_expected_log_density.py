# The log-density of the best Gaussian at its mean, minus half a nat for each coordinate.
def best_elbo_without_latents(mu: torch.Tensor, Sigma: torch.Tensor) -> torch.Tensor:
    log_sigma = 0.5 * Sigma.diagonal().log()
    return distributions.gaussian_log_prob(mu, mu, log_sigma) - 0.5 * len(mu)
