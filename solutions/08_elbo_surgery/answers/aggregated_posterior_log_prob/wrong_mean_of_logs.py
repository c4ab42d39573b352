# The mean of the logs: the log belongs outside the mean. hint: the mean of the logs
def aggregated_posterior_log_prob(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> torch.Tensor:
    log_q = distributions.gaussian_log_prob(z.unsqueeze(-2), mu, log_sigma)
    return log_q.mean(dim=-1)
