# The standard deviations of the samples are cut from the graph.
def hierarchical_elbo(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors = model.encode(x)
    z = []
    for mu, log_sigma in posteriors:
        noise = torch.randn(mu.shape, generator=generator, dtype=mu.dtype)
        z.append(mu + torch.exp(log_sigma).detach() * noise)
    priors = [model.prior(i + 1, above) for i, above in enumerate([*z[1:], None])]
    kl = hierarchical.hierarchical_kl(posteriors, priors)
    return model.log_likelihood(x, z[0]) - kl.sum(dim=-1)
