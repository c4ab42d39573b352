# E log p(x|z) and the energy from the ELBO and the other term of each form.
def elbo_three_ways(model: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
    mu, log_sigma = model.encode(x)
    elbo = model.log_prob(x) - model.gap(x)
    kl = distributions.kl_to_standard_normal(mu, log_sigma)
    entropy = distributions.gaussian_entropy(log_sigma)
    terms = [model.log_prob(x), -model.gap(x), elbo - entropy, entropy, elbo + kl, -kl]
    return torch.stack(terms).view(3, 2, len(x))
