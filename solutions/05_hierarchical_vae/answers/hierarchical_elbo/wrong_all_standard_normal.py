# Every layer is compared with N(0, I).
def hierarchical_elbo(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors = model.encode(x)
    z_1 = distributions.gaussian_sample(*posteriors[0], generator)
    kl = sum(distributions.kl_to_standard_normal(*posterior) for posterior in posteriors)
    return model.log_likelihood(x, z_1) - kl
