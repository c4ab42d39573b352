# log q - log p at a sample for all layers but the top.
def hierarchical_kl(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors = model.encode(x)
    z = [distributions.gaussian_sample(*posterior, generator) for posterior in posteriors]
    priors = [model.prior(i + 1, above) for i, above in enumerate([*z[1:], None])]
    ratio = hierarchical.hierarchical_log_ratio(z, posteriors, priors)
    top = distributions.kl_diagonal_gaussians(*posteriors[-1], *priors[-1])
    return torch.cat([ratio[:, :-1], top[:, None]], dim=-1)
