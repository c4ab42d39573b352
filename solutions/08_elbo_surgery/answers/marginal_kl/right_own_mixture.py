# The student's own aggregated posterior.
def marginal_kl(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor, prior: torch.nn.Module
) -> torch.Tensor:
    log_q = aggregated_posterior_log_prob(z, mu, log_sigma)
    return (log_q - prior.log_prob(z)).mean()
