# z_{i+1} is drawn from the prior, top down; it must come from q(z_{i+1}|x).
def hierarchical_kl(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors, above, terms = model.encode(x), None, []
    for layer in range(len(posteriors), 0, -1):
        prior = model.prior(layer, above)
        kl = distributions.kl_diagonal_gaussians(*posteriors[layer - 1], *prior)
        terms.insert(0, kl)
        mu, log_sigma = (value.expand_as(posteriors[layer - 1][0]) for value in prior)
        above = distributions.gaussian_sample(mu, log_sigma, generator)
    return torch.stack(terms, dim=-1)
