# The student's own Exercise 5.2, with fresh samples for the KL.
def hierarchical_elbo(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    z_1 = distributions.gaussian_sample(*model.encode(x)[0], generator)
    return model.log_likelihood(x, z_1) - hierarchical_kl(model, x, generator).sum(dim=1)
