# The means are cut from the graph.
def kl_diagonal_gaussians(mu_q, log_sigma_q, mu_p, log_sigma_p) -> torch.Tensor:
    var_q, var_p = torch.exp(2 * log_sigma_q), torch.exp(2 * log_sigma_p)
    distance = (mu_q - mu_p).detach()
    return (log_sigma_p - log_sigma_q + (var_q + distance**2) / (2 * var_p) - 0.5).sum(dim=-1)
