# By the KL of two multivariate normals, after broadcasting.
def kl_diagonal_gaussians(mu_q, log_sigma_q, mu_p, log_sigma_p) -> torch.Tensor:
    mu_q, log_sigma_q, mu_p, log_sigma_p = torch.broadcast_tensors(
        mu_q, log_sigma_q, mu_p, log_sigma_p
    )
    q = torch.distributions.Independent(torch.distributions.Normal(mu_q, log_sigma_q.exp()), 1)
    p = torch.distributions.Independent(torch.distributions.Normal(mu_p, log_sigma_p.exp()), 1)
    return torch.distributions.kl_divergence(q, p)
