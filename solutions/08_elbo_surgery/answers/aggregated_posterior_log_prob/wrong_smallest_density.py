# A small number is added against log 0, and replaces the density far away.
def aggregated_posterior_log_prob(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> torch.Tensor:
    log_q = distributions.gaussian_log_prob(z.unsqueeze(-2), mu, log_sigma)
    return (log_q.exp().mean(dim=-1) + 1e-12).log()
