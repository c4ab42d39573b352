# Negative estimates are set to 0, because a KL is not negative. hint: 0 for a negative estimate
def marginal_kl(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor, prior: torch.nn.Module
) -> torch.Tensor:
    log_mixture = surgery.aggregated_posterior_log_prob(z, mu, log_sigma)
    return (log_mixture - prior.log_prob(z)).mean().clamp_min(0)
