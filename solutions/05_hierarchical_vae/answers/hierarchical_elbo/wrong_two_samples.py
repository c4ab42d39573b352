# The mean of two samples.
def hierarchical_elbo(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors = model.encode(x)
    z = [distributions.gaussian_sample(*posterior, generator) for posterior in posteriors]
    priors = [model.prior(i + 1, above) for i, above in enumerate([*z[1:], None])]
    kl = hierarchical.hierarchical_kl(posteriors, priors)
    other = distributions.gaussian_sample(*posteriors[0], generator)
    return 0.5 * (model.log_likelihood(x, z[0]) + model.log_likelihood(x, other)) - kl.sum(dim=-1)
