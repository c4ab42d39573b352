# The mixture prior with one component per data point.
def aggregated_posterior_log_prob(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> torch.Tensor:
    from dgm_helpers.models.priors import MixturePrior

    mixture = MixturePrior(latent_dim=mu.shape[1], components=len(mu)).to(mu)
    with torch.no_grad():
        mixture.means.copy_(mu)
        mixture.log_sigmas.copy_(log_sigma)
    return mixture.log_prob(z)
