# The model's own ELBO. hint: this is the library's answer
def elbo_three_ways(model: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
    mu, log_sigma = model.encode(x)
    kl = distributions.kl_to_standard_normal(mu, log_sigma)
    entropy = distributions.gaussian_entropy(log_sigma)
    elbo = model.elbo(x)
    terms = [model.log_prob(x), -model.gap(x), elbo - entropy, entropy, elbo + kl, -kl]
    return torch.stack(terms).view(3, 2, len(x))
