# Only the first 500 data points carry a gradient to the encoder.
def hierarchical_kl(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    chunks = []
    for number, part in enumerate(x.split(500)):
        posteriors, kls = model.encode(part), []
        if number:
            posteriors = [(mu.detach(), log_sigma.detach()) for mu, log_sigma in posteriors]
        for i, posterior in enumerate(posteriors):
            above = None
            if i + 1 < len(posteriors):
                above = distributions.gaussian_sample(*posteriors[i + 1], generator)
            kls.append(distributions.kl_diagonal_gaussians(*posterior, *model.prior(i + 1, above)))
        chunks.append(torch.stack(kls, dim=-1))
    return torch.cat(chunks)
