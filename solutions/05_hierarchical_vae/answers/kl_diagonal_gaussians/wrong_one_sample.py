# log q - log p at one sample: the right mean, and noise.
def kl_diagonal_gaussians(mu_q, log_sigma_q, mu_p, log_sigma_p) -> torch.Tensor:
    z = distributions.gaussian_sample(mu_q, log_sigma_q)
    log_q = distributions.gaussian_log_prob(z, mu_q, log_sigma_q)
    return log_q - distributions.gaussian_log_prob(z, mu_p, log_sigma_p)
