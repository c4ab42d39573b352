# The mean over two samples: half the variance.
def hierarchical_kl(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors = model.encode(x)

    def once():
        z = [distributions.gaussian_sample(*posterior, generator) for posterior in posteriors]
        priors = [model.prior(i + 1, above) for i, above in enumerate([*z[1:], None])]
        kls = [
            distributions.kl_diagonal_gaussians(*q, *p)
            for q, p in zip(posteriors, priors, strict=True)
        ]
        return torch.stack(kls, dim=-1)

    return 0.5 * (once() + once())
