# The logarithms are summed before they are broadcast: wrong where one σ serves all coordinates.
def kl_diagonal_gaussians(mu_q, log_sigma_q, mu_p, log_sigma_p) -> torch.Tensor:
    var_q, var_p = torch.exp(2 * log_sigma_q), torch.exp(2 * log_sigma_p)
    fraction = ((var_q + (mu_q - mu_p) ** 2) / (2 * var_p) - 0.5).sum(dim=-1)
    return fraction + log_sigma_p.sum(dim=-1) - log_sigma_q.sum(dim=-1)
