# Mirrored noise: the second half is the first one's negative.
def score_function_gradient(f, mu, log_sigma, n_samples, generator):
    noise = torch.randn(n_samples, *mu.shape, generator=generator, dtype=mu.dtype)
    half = n_samples // 2
    noise[half : 2 * half] = -noise[:half]
    z = mu + torch.exp(log_sigma) * noise
    values = f(z)[..., None]
    return tuple((values * s).mean(dim=0) for s in gradient_estimators.score(z, mu, log_sigma))
