# The student's own Exercise 5.1 in a running sum, noise by normal_.
def hierarchical_elbo(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    pairs, above, total = model.encode(x), None, 0
    for layer in reversed(range(len(pairs))):
        mu, log_sigma = pairs[layer]
        total = total - kl_diagonal_gaussians(mu, log_sigma, *model.prior(layer + 1, above))
        above = mu + log_sigma.exp() * torch.zeros_like(mu).normal_(generator=generator)
    return total + model.log_likelihood(x, above)
