# The same, with minus infinity replaced by a large number.
def aggregated_posterior_log_prob(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> torch.Tensor:
    log_q = distributions.gaussian_log_prob(z.unsqueeze(-2), mu, log_sigma)
    return log_q.exp().mean(dim=-1).log().nan_to_num(neginf=-1e4)
