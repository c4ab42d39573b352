# All layers begin with one seed: they share their noise. hint: do coordinates share their noise
def hierarchical_elbo(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors = model.encode(x)
    seed = int(torch.randint(2**31, (), generator=generator))
    z = [distributions.gaussian_sample(*q, torch.Generator().manual_seed(seed)) for q in posteriors]
    priors = [model.prior(i + 1, above) for i, above in enumerate([*z[1:], None])]
    kl = hierarchical.hierarchical_kl(posteriors, priors)
    return model.log_likelihood(x, z[0]) - kl.sum(dim=-1)
