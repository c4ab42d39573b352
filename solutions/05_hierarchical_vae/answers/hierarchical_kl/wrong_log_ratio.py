# log q - log p at a sample: the right mean, but the KL over z_i has a closed form. hint: nothing is drawn
def hierarchical_kl(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors = model.encode(x)
    z = [distributions.gaussian_sample(*posterior, generator) for posterior in posteriors]
    priors = [model.prior(i + 1, above) for i, above in enumerate([*z[1:], None])]
    return hierarchical.hierarchical_log_ratio(z, posteriors, priors)
