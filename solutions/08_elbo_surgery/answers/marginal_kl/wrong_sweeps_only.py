# Divided by the number of sweeps: summed over the encoders. hint: a sum over the encoders
def marginal_kl(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor, prior: torch.nn.Module
) -> torch.Tensor:
    log_mixture = surgery.aggregated_posterior_log_prob(z, mu, log_sigma)
    return (log_mixture - prior.log_prob(z)).sum(dim=1).mean()
