# Ignores n_samples and draws one sample.
def score_function_gradient(f, mu, log_sigma, n_samples, generator):
    n_samples = 1
    noise = torch.randn(n_samples, *mu.shape, generator=generator, dtype=mu.dtype)
    z = mu + torch.exp(log_sigma) * noise
    values = f(z)[..., None]
    return tuple((values * s).mean(dim=0) for s in gradient_estimators.score(z, mu, log_sigma))
