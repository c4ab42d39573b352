# Layers of the same size share their noise, z_1 excepted.
def hierarchical_elbo(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors, noise = model.encode(x), {}
    z = [distributions.gaussian_sample(*posteriors[0], generator)]
    for mu, log_sigma in posteriors[1:]:
        if mu.shape not in noise:
            noise[mu.shape] = torch.randn(mu.shape, generator=generator, dtype=mu.dtype)
        z.append(mu + torch.exp(log_sigma) * noise[mu.shape])
    priors = [model.prior(i + 1, above) for i, above in enumerate([*z[1:], None])]
    kl = hierarchical.hierarchical_kl(posteriors, priors)
    return model.log_likelihood(x, z[0]) - kl.sum(dim=-1)
