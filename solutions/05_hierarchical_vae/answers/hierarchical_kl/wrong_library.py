# Samples of all layers first, and the library's function for the rest. hint: this is the library's answer
def hierarchical_kl(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors = model.encode(x)
    z = [distributions.gaussian_sample(*posterior, generator) for posterior in posteriors]
    return hierarchical.hierarchical_kl(posteriors, model.prior_at(z))
