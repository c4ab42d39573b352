# Layers of the same size share their noise.
def hierarchical_kl(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors, terms, noise = model.encode(x), [], {}
    for i, posterior in enumerate(posteriors):
        above = None
        if i + 1 < len(posteriors):
            mu, log_sigma = posteriors[i + 1]
            if mu.shape not in noise:
                noise[mu.shape] = torch.randn(mu.shape, generator=generator, dtype=mu.dtype)
            above = mu + torch.exp(log_sigma) * noise[mu.shape]
        terms.append(distributions.kl_diagonal_gaussians(*posterior, *model.prior(i + 1, above)))
    return torch.stack(terms, dim=-1)
