# The noise is not multiplied by sigma.
def hierarchical_kl(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors, terms = model.encode(x), []
    for i, posterior in enumerate(posteriors):
        above = None
        if i + 1 < len(posteriors):
            mu, _ = posteriors[i + 1]
            noise = torch.randn(mu.shape, generator=generator, dtype=mu.dtype)
            above = mu + noise
        prior = model.prior(i + 1, above)
        terms.append(distributions.kl_diagonal_gaussians(*posterior, *prior))
    return torch.stack(terms, dim=-1)
