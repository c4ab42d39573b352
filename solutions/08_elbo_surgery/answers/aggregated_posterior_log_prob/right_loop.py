# One encoder after another, with logaddexp.
def aggregated_posterior_log_prob(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> torch.Tensor:
    log_density = None
    for m, s in zip(mu, log_sigma, strict=True):
        term = distributions.gaussian_log_prob(z, m, s)
        log_density = term if log_density is None else torch.logaddexp(log_density, term)
    return log_density - mu.new_tensor(len(mu)).log()
