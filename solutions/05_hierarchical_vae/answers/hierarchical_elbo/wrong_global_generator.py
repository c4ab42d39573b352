# A generator whose seed torch draws. hint: draw every random number
def hierarchical_elbo(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors = model.encode(x)
    generator = torch.Generator().manual_seed(int(torch.randint(2**31, ())))
    z = [distributions.gaussian_sample(*posterior, generator) for posterior in posteriors]
    priors = [model.prior(i + 1, above) for i, above in enumerate([*z[1:], None])]
    kl = hierarchical.hierarchical_kl(posteriors, priors)
    return model.log_likelihood(x, z[0]) - kl.sum(dim=-1)
