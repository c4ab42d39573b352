# Only the nearest encoder: a maximum instead of log-sum-exp. hint: the largest term only
def aggregated_posterior_log_prob(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> torch.Tensor:
    log_q = distributions.gaussian_log_prob(z.unsqueeze(-2), mu, log_sigma)
    return log_q.max(dim=-1).values - mu.new_tensor(len(mu)).log()
