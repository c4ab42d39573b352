# By torch.distributions.
def kl_diagonal_gaussians(mu_q, log_sigma_q, mu_p, log_sigma_p) -> torch.Tensor:
    q = torch.distributions.Normal(mu_q, log_sigma_q.exp())
    p = torch.distributions.Normal(mu_p, log_sigma_p.exp())
    return torch.distributions.kl_divergence(q, p).sum(dim=-1)
