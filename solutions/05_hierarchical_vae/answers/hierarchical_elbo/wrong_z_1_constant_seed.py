# Only z_1 has a constant seed. hint: never seed it
def hierarchical_elbo(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors = model.encode(x)
    first = torch.Generator().manual_seed(0)
    z = [
        distributions.gaussian_sample(*q, generator if i else first)
        for i, q in enumerate(posteriors)
    ]
    priors = [model.prior(i + 1, above) for i, above in enumerate([*z[1:], None])]
    kl = hierarchical.hierarchical_kl(posteriors, priors)
    return model.log_likelihood(x, z[0]) - kl.sum(dim=-1)
