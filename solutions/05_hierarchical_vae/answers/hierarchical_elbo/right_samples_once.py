# One sample for everything, all noise drawn first, from the bottom.
def hierarchical_elbo(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors = model.encode(x)
    noise = [torch.randn(*mu.shape, generator=generator, dtype=mu.dtype) for mu, _ in posteriors]
    z = [torch.addcmul(m, s.exp(), n) for (m, s), n in zip(posteriors, noise, strict=True)]
    priors = [model.prior(i + 1, above) for i, above in enumerate([*z[1:], None])]
    kl = hierarchical.hierarchical_kl(posteriors, priors)
    return torch.stack([model.log_likelihood(x, z[0]), *(-kl).unbind(-1)]).sum(0)
