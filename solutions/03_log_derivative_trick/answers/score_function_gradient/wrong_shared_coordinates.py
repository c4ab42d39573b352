# One noise for all coordinates.
def score_function_gradient(f, mu, log_sigma, n_samples, generator):
    noise = torch.randn(n_samples, *mu.shape[:-1], 1, generator=generator, dtype=mu.dtype).expand(
        n_samples, *mu.shape
    )
    z = mu + torch.exp(log_sigma) * noise
    values = f(z)[..., None]
    return tuple((values * s).mean(dim=0) for s in gradient_estimators.score(z, mu, log_sigma))
