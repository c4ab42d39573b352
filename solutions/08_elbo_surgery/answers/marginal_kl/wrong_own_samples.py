# The samples are ignored: new ones are drawn.
def marginal_kl(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor, prior: torch.nn.Module
) -> torch.Tensor:
    z = surgery.sample_encoders(mu, log_sigma, 1000, torch.Generator().manual_seed(0))
    log_mixture = surgery.aggregated_posterior_log_prob(z, mu, log_sigma)
    return (log_mixture - prior.log_prob(z)).mean()
