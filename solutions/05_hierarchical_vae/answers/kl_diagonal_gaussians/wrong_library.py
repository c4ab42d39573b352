# Calls the library. hint: this is the library's answer
def kl_diagonal_gaussians(mu_q, log_sigma_q, mu_p, log_sigma_p) -> torch.Tensor:
    return distributions.kl_diagonal_gaussians(mu_q, log_sigma_q, mu_p, log_sigma_p)
