# The top term has q(z_1|x) instead of q(z_L|x). (raises) hint: the top layer is z_L
def hierarchical_kl(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors, terms = model.encode(x), []
    for i, posterior in enumerate(posteriors):
        above = None
        if i + 1 < len(posteriors):
            mu, log_sigma = posteriors[i + 1]
            noise = torch.randn(mu.shape, generator=generator, dtype=mu.dtype)
            above = mu + torch.exp(log_sigma) * noise
        prior = model.prior(i + 1, above)
        terms.append(
            distributions.kl_diagonal_gaussians(
                *(posterior if above is not None else posteriors[0]), *prior
            )
        )
    return torch.stack(terms, dim=-1)
