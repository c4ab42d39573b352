# log p(x, z) - log q(z|x) at the sample: the right mean, but (5.16) has k_i. hint: log q - log p at a sample
def hierarchical_elbo(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors = model.encode(x)
    z = [distributions.gaussian_sample(*posterior, generator) for posterior in posteriors]
    priors = [model.prior(i + 1, above) for i, above in enumerate([*z[1:], None])]
    kl = hierarchical.hierarchical_log_ratio(z, posteriors, priors)
    return model.log_likelihood(x, z[0]) - kl.sum(dim=-1)
