# log p(x, z) - log q(z|x) at the sample: noisier, and with the same mean.
def hierarchical_elbo(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors = model.encode(x)
    z = [distributions.gaussian_sample(*posterior, generator) for posterior in posteriors]
    ratio = hierarchical.hierarchical_log_ratio(z, posteriors, model.prior_at(z))
    return model.log_likelihood(x, z[0]) - ratio.sum(dim=-1)
