# The prior is taken for N(0, I).
def kl_diagonal_gaussians(mu_q, log_sigma_q, mu_p, log_sigma_p) -> torch.Tensor:
    var_q = torch.exp(2 * log_sigma_q)
    return (-log_sigma_q + (var_q + mu_q**2) / 2 - 0.5).sum(dim=-1)
