# Everything in units of sigma_p.
def kl_diagonal_gaussians(mu_q, log_sigma_q, mu_p, log_sigma_p) -> torch.Tensor:
    ratio = torch.exp(log_sigma_q - log_sigma_p)
    distance = (mu_q - mu_p) * torch.exp(-log_sigma_p)
    return 0.5 * (ratio**2 + distance**2 - 1 - 2 * ratio.log()).sum(dim=-1)
