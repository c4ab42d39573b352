# The encoder that a sample came from is left out of its mixture. hint: the sample's own encoder left out: q(z)
def aggregated_posterior_log_prob(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> torch.Tensor:
    log_q = distributions.gaussian_log_prob(z.unsqueeze(-2), mu, log_sigma)
    if z.ndim == 3 and len(mu) > 1:
        log_q = log_q.masked_fill(torch.eye(len(mu), dtype=torch.bool), -torch.inf)
    return log_q.logsumexp(dim=-1) - mu.new_tensor(len(mu)).log()
