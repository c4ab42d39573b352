# Seeds its own generator from the initial seed of the given one.
def score_function_gradient(f, mu, log_sigma, n_samples, generator):
    generator = torch.Generator().manual_seed(generator.initial_seed())
    noise = torch.randn(n_samples, *mu.shape, generator=generator, dtype=mu.dtype)
    z = mu + torch.exp(log_sigma) * noise
    values = f(z)[..., None]
    return tuple((values * s).mean(dim=0) for s in gradient_estimators.score(z, mu, log_sigma))
