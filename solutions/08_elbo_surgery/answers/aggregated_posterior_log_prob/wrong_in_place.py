# log_sigma is overwritten by the standard deviation. hint: work on a copy
def aggregated_posterior_log_prob(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> torch.Tensor:
    sigma = log_sigma.exp_()
    log_q = torch.distributions.Normal(mu, sigma).log_prob(z.unsqueeze(-2)).sum(dim=-1)
    return log_q.logsumexp(dim=-1) - mu.new_tensor(len(mu)).log()
