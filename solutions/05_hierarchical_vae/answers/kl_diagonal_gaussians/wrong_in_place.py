# Writes into log_sigma_p. (raises) hint: work on a copy
def kl_diagonal_gaussians(mu_q, log_sigma_q, mu_p, log_sigma_p) -> torch.Tensor:
    log_sigma_p -= log_sigma_q
    mahalanobis = (mu_q - mu_p) ** 2 * torch.exp(-2 * log_sigma_q)
    return (log_sigma_p + (1 + mahalanobis) / (2 * torch.exp(2 * log_sigma_p)) - 0.5).sum(dim=-1)
