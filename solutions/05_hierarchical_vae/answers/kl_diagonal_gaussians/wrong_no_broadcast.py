# p is expanded to the shape of q: several priors for one q fail (raises).
def kl_diagonal_gaussians(mu_q, log_sigma_q, mu_p, log_sigma_p) -> torch.Tensor:
    mu_p, log_sigma_p = mu_p.expand_as(mu_q), log_sigma_p.expand_as(mu_q)
    var_q, var_p = torch.exp(2 * log_sigma_q), torch.exp(2 * log_sigma_p)
    each = log_sigma_p - log_sigma_q + (var_q + (mu_q - mu_p) ** 2) / (2 * var_p) - 0.5
    return each.sum(dim=-1)
