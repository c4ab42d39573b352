# Uniform noise of variance 1.
def score_function_gradient(f, mu, log_sigma, n_samples, generator):
    noise = (torch.rand(n_samples, *mu.shape, generator=generator, dtype=mu.dtype) - 0.5) * 12**0.5
    z = mu + torch.exp(log_sigma) * noise
    values = f(z)[..., None]
    return tuple((values * s).mean(dim=0) for s in gradient_estimators.score(z, mu, log_sigma))
