# z_1 for the decoder is drawn from p(z_1|z_2), not from q(z_1|x).
def hierarchical_elbo(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors = model.encode(x)
    z = [distributions.gaussian_sample(*posterior, generator) for posterior in posteriors]
    priors = [model.prior(i + 1, above) for i, above in enumerate([*z[1:], None])]
    kl = hierarchical.hierarchical_kl(posteriors, priors)
    prior = (value.expand_as(z[0]) for value in priors[0])
    z_1 = distributions.gaussian_sample(*prior, generator)
    return model.log_likelihood(x, z_1) - kl.sum(dim=-1)
