# The top layer's term is log q - log p at the sample.
def hierarchical_elbo(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors = model.encode(x)
    z = [distributions.gaussian_sample(*posterior, generator) for posterior in posteriors]
    priors = [model.prior(i + 1, above) for i, above in enumerate([*z[1:], None])]
    kl = hierarchical.hierarchical_kl(posteriors, priors)
    top = distributions.gaussian_log_prob(z[-1], *posteriors[-1])
    top = top - distributions.gaussian_log_prob(z[-1], *priors[-1])
    return model.log_likelihood(x, z[0]) - kl[:, :-1].sum(dim=-1) - top
