# log_sigma is clamped to -2 to 2.
def marginal_kl(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor, prior: torch.nn.Module
) -> torch.Tensor:
    log_mixture = surgery.aggregated_posterior_log_prob(z, mu, log_sigma.clamp(-2, 2))
    return (log_mixture - prior.log_prob(z)).mean()
