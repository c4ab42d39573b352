# All layers share their noise, as far as it goes. hint: do coordinates share their noise
def hierarchical_kl(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors, terms = model.encode(x), []
    most = max(mu.shape[1] for mu, _ in posteriors)
    noise = torch.randn(len(x), most, generator=generator, dtype=x.dtype)
    for i, posterior in enumerate(posteriors):
        above = None
        if i + 1 < len(posteriors):
            mu, log_sigma = posteriors[i + 1]
            above = mu + torch.exp(log_sigma) * noise[:, : mu.shape[1]]
        terms.append(distributions.kl_diagonal_gaussians(*posterior, *model.prior(i + 1, above)))
    return torch.stack(terms, dim=-1)
