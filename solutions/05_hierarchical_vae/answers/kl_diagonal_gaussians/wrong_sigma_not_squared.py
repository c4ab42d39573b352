# Standard deviations in place of variances in the fraction.
def kl_diagonal_gaussians(mu_q, log_sigma_q, mu_p, log_sigma_p) -> torch.Tensor:
    sigma_q, sigma_p = torch.exp(log_sigma_q), torch.exp(log_sigma_p)
    log_ratio = log_sigma_p - log_sigma_q
    return (log_ratio + (sigma_q + (mu_q - mu_p) ** 2) / (2 * sigma_p) - 0.5).sum(dim=-1)
