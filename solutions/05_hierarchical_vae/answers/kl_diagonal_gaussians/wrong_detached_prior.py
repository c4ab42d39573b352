# The prior is cut from the graph: it can't be trained.
def kl_diagonal_gaussians(mu_q, log_sigma_q, mu_p, log_sigma_p) -> torch.Tensor:
    var_q, var_p = torch.exp(2 * log_sigma_q), torch.exp(2 * log_sigma_p).detach()
    log_ratio = log_sigma_p.detach() - log_sigma_q
    return (log_ratio + (var_q + (mu_q - mu_p.detach()) ** 2) / (2 * var_p) - 0.5).sum(dim=-1)
