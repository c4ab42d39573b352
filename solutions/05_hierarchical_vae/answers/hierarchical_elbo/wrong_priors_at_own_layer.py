# Samples of another order: the prior of each layer at z_1 (raises where the layers differ in size).
def hierarchical_elbo(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors = model.encode(x)
    z = [distributions.gaussian_sample(*posterior, generator) for posterior in posteriors]
    priors = [model.prior(i + 1, z[0]) for i in range(len(z) - 1)] + [model.prior(len(z), None)]
    kl = hierarchical.hierarchical_kl(posteriors, priors)
    return model.log_likelihood(x, z[0]) - kl.sum(dim=-1)
