# The student's own estimators of the earlier exercises, sweep by sweep.
def verify_surgery(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> tuple[float, float, float, float]:
    from dgm_helpers.models.priors import StandardNormal

    prior = StandardNormal(latent_dim=z.shape[-1]).to(z)
    sweeps = z.split(1)
    marginal = torch.stack([marginal_kl(one, mu, log_sigma, prior) for one in sweeps])
    information = torch.stack([index_mutual_information(one, mu, log_sigma) for one in sweeps])
    average_kl = distributions.kl_to_standard_normal(mu, log_sigma).mean()
    t = marginal + information
    spread = ((t - t.mean()) ** 2).sum() / (len(t) - 1)
    return [
        average_kl,
        marginal.mean(),
        information.mean(),
        (t.mean() - average_kl) / (spread / len(t)) ** 0.5,
    ]
