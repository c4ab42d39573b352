# Points as one table, whatever their axes.
def aggregated_posterior_log_prob(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> torch.Tensor:
    log_q = distributions.gaussian_log_prob(z.reshape(-1, 1, z.shape[-1]), mu, log_sigma)
    return log_q.logsumexp(dim=-1) - mu.new_tensor(len(mu)).log()
