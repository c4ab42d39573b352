# The prior is asked at the mean of q(z_{i+1}|x): no sample.
def hierarchical_kl(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors, terms = model.encode(x), []
    for i, posterior in enumerate(posteriors):
        above = None
        if i + 1 < len(posteriors):
            above = posteriors[i + 1][0]
        prior = model.prior(i + 1, above)
        terms.append(distributions.kl_diagonal_gaussians(*posterior, *prior))
    return torch.stack(terms, dim=-1)
