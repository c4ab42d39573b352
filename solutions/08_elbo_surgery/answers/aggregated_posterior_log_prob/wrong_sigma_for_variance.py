# exp(log_sigma), the standard deviation, is used as the variance. hint: exp(log_sigma) used as the variance
def aggregated_posterior_log_prob(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> torch.Tensor:
    log_q = distributions.gaussian_log_prob(z.unsqueeze(-2), mu, log_sigma / 2)
    return log_q.logsumexp(dim=-1) - mu.new_tensor(len(mu)).log()
