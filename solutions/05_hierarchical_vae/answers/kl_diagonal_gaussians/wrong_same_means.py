# The distance of the means is left out. hint: same mean
def kl_diagonal_gaussians(mu_q, log_sigma_q, mu_p, log_sigma_p) -> torch.Tensor:
    var_q, var_p = torch.exp(2 * log_sigma_q), torch.exp(2 * log_sigma_p)
    return (log_sigma_p - log_sigma_q + var_q / (2 * var_p) - 0.5).sum(
        dim=-1
    ) + 0 * mu_q.sum() * mu_p.sum()
