# log q - log p at 1,000 samples of a fixed seed: close, but not exact.
def kl_diagonal_gaussians(mu_q, log_sigma_q, mu_p, log_sigma_p) -> torch.Tensor:
    shape = torch.broadcast_shapes(mu_q.shape, log_sigma_q.shape, mu_p.shape, log_sigma_p.shape)
    noise = torch.randn(1_000, *shape, generator=torch.Generator().manual_seed(0), dtype=mu_q.dtype)
    z = mu_q + log_sigma_q.exp() * noise
    q = torch.distributions.Normal(mu_q, log_sigma_q.exp())
    p = torch.distributions.Normal(mu_p, log_sigma_p.exp())
    return (q.log_prob(z) - p.log_prob(z)).mean(dim=0).sum(dim=-1)
