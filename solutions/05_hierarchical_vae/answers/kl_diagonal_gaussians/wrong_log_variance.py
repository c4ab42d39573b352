# log sigma is taken for the logarithm of the variance.
def kl_diagonal_gaussians(mu_q, log_sigma_q, mu_p, log_sigma_p) -> torch.Tensor:
    var_q, var_p = torch.exp(log_sigma_q), torch.exp(log_sigma_p)
    log_ratio = 0.5 * (log_sigma_p - log_sigma_q)
    return (log_ratio + (var_q + (mu_q - mu_p) ** 2) / (2 * var_p) - 0.5).sum(dim=-1)
