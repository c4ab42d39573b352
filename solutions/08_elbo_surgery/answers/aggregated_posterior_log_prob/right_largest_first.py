# Log-sum-exp by hand: the largest exponent is taken out first.
def aggregated_posterior_log_prob(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> torch.Tensor:
    log_q = distributions.gaussian_log_prob(z.unsqueeze(-2), mu, log_sigma)
    largest = log_q.max(dim=-1, keepdim=True).values
    mean = (log_q - largest).exp().mean(dim=-1)
    return largest.squeeze(-1) + mean.log()
