# The noise is cut off at three standard deviations.
def hierarchical_kl(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors, terms = model.encode(x), []
    for i, posterior in enumerate(posteriors):
        above = None
        if i + 1 < len(posteriors):
            mu, log_sigma = posteriors[i + 1]
            noise = torch.randn(mu.shape, generator=generator, dtype=mu.dtype).clamp(-3, 3)
            above = mu + torch.exp(log_sigma) * noise
        terms.append(distributions.kl_diagonal_gaussians(*posterior, *model.prior(i + 1, above)))
    return torch.stack(terms, dim=-1)
