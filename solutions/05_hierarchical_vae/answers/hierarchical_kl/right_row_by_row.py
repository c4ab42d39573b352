# A loop over the data points.
def hierarchical_kl(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    rows = []
    for row in x:
        posteriors, kls = model.encode(row[None]), []
        for i, (mu, log_sigma) in enumerate(posteriors):
            above = None
            if i + 1 < len(posteriors):
                above = distributions.gaussian_sample(*posteriors[i + 1], generator)
            mu_p, log_sigma_p = model.prior(i + 1, above)
            kls.append(distributions.kl_diagonal_gaussians(mu, log_sigma, mu_p, log_sigma_p))
        rows.append(torch.cat(kls))
    return torch.stack(rows)
