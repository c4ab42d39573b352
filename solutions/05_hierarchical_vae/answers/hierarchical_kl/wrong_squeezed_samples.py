# Samples are squeezed: a layer of one latent, or a single data point, fails. (raises)
def hierarchical_kl(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors, terms = model.encode(x), []
    for i, posterior in enumerate(posteriors):
        above = None
        if i + 1 < len(posteriors):
            mu, log_sigma = posteriors[i + 1]
            noise = torch.randn(mu.shape, generator=generator, dtype=mu.dtype)
            above = (mu + torch.exp(log_sigma) * noise).squeeze()
        prior = model.prior(i + 1, above)
        terms.append(distributions.kl_diagonal_gaussians(*posterior, *prior))
    return torch.stack(terms, dim=-1)
