# log q - log p at the sample for all layers but the top. hint: log q - log p at a sample
def hierarchical_elbo(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors = model.encode(x)
    z = [distributions.gaussian_sample(*posterior, generator) for posterior in posteriors]
    priors = [model.prior(i + 1, above) for i, above in enumerate([*z[1:], None])]
    ratio = hierarchical.hierarchical_log_ratio(z, posteriors, priors)
    exact = hierarchical.hierarchical_kl(posteriors, priors)
    kl = torch.cat([ratio[:, :-1], exact[:, -1:]], dim=-1)
    return model.log_likelihood(x, z[0]) - kl.sum(dim=-1)
