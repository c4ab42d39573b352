# Stratified noise: dependent samples.
def score_function_gradient(f, mu, log_sigma, n_samples, generator):
    n = torch.arange(n_samples, dtype=mu.dtype).reshape(-1, *[1] * mu.ndim)
    uniform = (
        n + torch.rand(n_samples, *mu.shape, generator=generator, dtype=mu.dtype)
    ) / n_samples
    noise = torch.special.ndtri(uniform)
    z = mu + torch.exp(log_sigma) * noise
    values = f(z)[..., None]
    return tuple((values * s).mean(dim=0) for s in gradient_estimators.score(z, mu, log_sigma))
