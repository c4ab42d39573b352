# Heavy-tailed noise of variance 1, 6 degrees of freedom.
def score_function_gradient(f, mu, log_sigma, n_samples, generator):
    normal = torch.randn(7, n_samples, *mu.shape, generator=generator, dtype=mu.dtype)
    noise = normal[0] / normal[1:].square().mean(dim=0).sqrt() * (4 / 6) ** 0.5
    z = mu + torch.exp(log_sigma) * noise
    values = f(z)[..., None]
    return tuple((values * s).mean(dim=0) for s in gradient_estimators.score(z, mu, log_sigma))
