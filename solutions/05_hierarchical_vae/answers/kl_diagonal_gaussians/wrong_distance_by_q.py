# The distance of the means is divided by the variance of q.
def kl_diagonal_gaussians(mu_q, log_sigma_q, mu_p, log_sigma_p) -> torch.Tensor:
    var_q, var_p = torch.exp(2 * log_sigma_q), torch.exp(2 * log_sigma_p)
    log_ratio = log_sigma_p - log_sigma_q
    return (log_ratio + var_q / (2 * var_p) + (mu_q - mu_p) ** 2 / (2 * var_q) - 0.5).sum(dim=-1)
