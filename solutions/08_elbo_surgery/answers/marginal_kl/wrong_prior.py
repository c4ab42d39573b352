# N(0, I) whatever prior is given.
def marginal_kl(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor, prior: torch.nn.Module
) -> torch.Tensor:
    zeros = torch.zeros_like(mu)
    log_q = surgery.aggregated_posterior_log_prob(z, mu, log_sigma)
    return (log_q - distributions.gaussian_log_prob(z, zeros, zeros)).mean()
