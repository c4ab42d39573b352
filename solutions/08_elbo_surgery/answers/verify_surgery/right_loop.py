# The library's estimators, sweep by sweep.
def verify_surgery(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> tuple[float, float, float, float]:
    from dgm_helpers.models.priors import StandardNormal

    prior = StandardNormal(latent_dim=z.shape[-1]).to(z)
    marginal = [surgery.marginal_kl(z[k : k + 1], mu, log_sigma, prior) for k in range(len(z))]
    information = [
        surgery.index_mutual_information(z[k : k + 1], mu, log_sigma) for k in range(len(z))
    ]
    marginal, information = torch.stack(marginal), torch.stack(information)
    average_kl = distributions.kl_to_standard_normal(mu, log_sigma).mean()
    difference = marginal + information - average_kl
    z_score = difference.mean() / (difference.var() / len(z)).sqrt()
    return average_kl.item(), marginal.mean().item(), information.mean().item(), z_score.item()
