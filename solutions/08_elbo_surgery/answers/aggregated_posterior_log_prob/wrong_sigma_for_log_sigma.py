# The standard deviation is passed as its logarithm. hint: σ passed as log_sigma
def aggregated_posterior_log_prob(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> torch.Tensor:
    log_q = distributions.gaussian_log_prob(z.unsqueeze(-2), mu, log_sigma.exp())
    return log_q.logsumexp(dim=-1) - mu.new_tensor(len(mu)).log()
