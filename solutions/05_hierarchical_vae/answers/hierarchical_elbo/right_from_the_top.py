# From the top down in a loop, with fresh samples for the likelihood.
def hierarchical_elbo(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors = model.encode(x)
    above, bound = None, 0
    for layer in range(len(posteriors), 0, -1):
        prior = model.prior(layer, above)
        bound = bound - distributions.kl_diagonal_gaussians(*posteriors[layer - 1], *prior)
        above = distributions.gaussian_sample(*posteriors[layer - 1], generator)
    z_1 = distributions.gaussian_sample(*posteriors[0], generator)
    return bound + model.log_likelihood(x, z_1)
