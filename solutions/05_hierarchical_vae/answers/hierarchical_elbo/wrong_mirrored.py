# The second half of the batch has the noise of the first half with the opposite sign. hint: draw new noise for every
def hierarchical_elbo(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors = model.encode(x)
    z = []
    for mu, log_sigma in posteriors:
        noise = torch.randn(mu.shape, generator=generator, dtype=mu.dtype)
        half = noise[: len(noise) // 2]
        noise = torch.cat([half, -half, noise[2 * len(half) :]])
        z.append(mu + torch.exp(log_sigma) * noise)
    priors = [model.prior(i + 1, above) for i, above in enumerate([*z[1:], None])]
    kl = hierarchical.hierarchical_kl(posteriors, priors)
    return model.log_likelihood(x, z[0]) - kl.sum(dim=-1)
