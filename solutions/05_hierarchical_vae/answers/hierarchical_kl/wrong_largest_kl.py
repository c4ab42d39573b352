# A KL above 1,000 nats is cut off.
def hierarchical_kl(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors, terms = model.encode(x), []
    for i, posterior in enumerate(posteriors):
        above = None
        if i + 1 < len(posteriors):
            above = distributions.gaussian_sample(*posteriors[i + 1], generator)
        terms.append(distributions.kl_diagonal_gaussians(*posterior, *model.prior(i + 1, above)))
    return torch.stack(terms, dim=-1).clamp_max(1000)
