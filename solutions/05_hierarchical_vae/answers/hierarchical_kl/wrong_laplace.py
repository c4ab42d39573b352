# Noise with heavier tails and the same variance.
def hierarchical_kl(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors, terms = model.encode(x), []
    for i, posterior in enumerate(posteriors):
        above = None
        if i + 1 < len(posteriors):
            mu, log_sigma = posteriors[i + 1]
            u = torch.rand(mu.shape, generator=generator, dtype=mu.dtype) - 0.5
            noise = -u.sign() * torch.log1p(-2 * u.abs()) / 2**0.5
            above = mu + torch.exp(log_sigma) * noise
        prior = model.prior(i + 1, above)
        terms.append(distributions.kl_diagonal_gaussians(*posterior, *prior))
    return torch.stack(terms, dim=-1)
