# By torch.distributions.
def hierarchical_kl(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors, terms = model.encode(x), []
    for i, (mu, log_sigma) in enumerate(posteriors):
        above = None
        if i + 1 < len(posteriors):
            above = distributions.gaussian_sample(*posteriors[i + 1], generator)
        mu_p, log_sigma_p = model.prior(i + 1, above)
        q = torch.distributions.Normal(mu, log_sigma.exp())
        p = torch.distributions.Normal(mu_p, log_sigma_p.exp())
        terms.append(torch.distributions.kl_divergence(q, p).sum(dim=-1))
    return torch.stack(terms).T
