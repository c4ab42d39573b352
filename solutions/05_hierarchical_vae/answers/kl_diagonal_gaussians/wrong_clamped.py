# log sigma is clamped to [-4, 3].
def kl_diagonal_gaussians(mu_q, log_sigma_q, mu_p, log_sigma_p) -> torch.Tensor:
    log_sigma_q, log_sigma_p = log_sigma_q.clamp(-4, 3), log_sigma_p.clamp(-4, 3)
    var_q, var_p = torch.exp(2 * log_sigma_q), torch.exp(2 * log_sigma_p)
    each = log_sigma_p - log_sigma_q + (var_q + (mu_q - mu_p) ** 2) / (2 * var_p) - 0.5
    return each.sum(dim=-1)
