# Samples of all layers first, z_1 too, which is not needed; then the priors, and the student's own 5.1.
def hierarchical_kl(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors = model.encode(x)
    z = [distributions.gaussian_sample(*posterior, generator) for posterior in posteriors]
    priors = [model.prior(i, above) for i, above in enumerate(z[1:], start=1)] + [
        model.prior(len(z), None)
    ]
    kls = [kl_diagonal_gaussians(*q, *p) for q, p in zip(posteriors, priors, strict=True)]
    return torch.stack(kls, dim=1)
