# A loop over chunks of 500 data points.
def hierarchical_kl(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    chunks = []
    for part in x.split(500):
        posteriors, kls = model.encode(part), []
        for i, (mu, log_sigma) in enumerate(posteriors):
            above = None
            if i + 1 < len(posteriors):
                above = distributions.gaussian_sample(*posteriors[i + 1], generator)
            kls.append(
                distributions.kl_diagonal_gaussians(mu, log_sigma, *model.prior(i + 1, above))
            )
        chunks.append(torch.stack(kls, dim=-1))
    return torch.cat(chunks)
