# The top layer against the prior of the layer below it (raises where the layers differ in size).
def hierarchical_kl(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors, terms = model.encode(x), []
    for i, posterior in enumerate(posteriors):
        if i + 1 < len(posteriors):
            above = distributions.gaussian_sample(*posteriors[i + 1], generator)
            prior = model.prior(i + 1, above)
        elif len(posteriors) > 1:
            prior = model.prior(i, distributions.gaussian_sample(*posterior, generator))
        else:
            prior = model.prior(1, None)
        terms.append(distributions.kl_diagonal_gaussians(*posterior, *prior))
    return torch.stack(terms, dim=-1)
