# From the top down, by hand, with its own noise from the generator.
def hierarchical_kl(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    posteriors = model.encode(x)
    above, terms = None, []
    for layer in range(len(posteriors), 0, -1):
        mu, log_sigma = posteriors[layer - 1]
        mu_p, log_sigma_p = model.prior(layer, above)
        square = torch.exp(2 * log_sigma) + (mu - mu_p) ** 2
        kl = log_sigma_p - log_sigma + 0.5 * square * torch.exp(-2 * log_sigma_p) - 0.5
        terms.insert(0, kl.sum(dim=-1))
        noise = torch.randn(mu.shape, generator=generator, dtype=mu.dtype)
        above = mu + torch.exp(log_sigma) * noise
    return torch.stack(terms, dim=1)
