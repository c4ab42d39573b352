# A leave-one-out baseline: (3.6) has none, and with one sample nothing is left for it.
def score_function_gradient(f, mu, log_sigma, n_samples, generator):
    noise = torch.randn(n_samples, *mu.shape, generator=generator, dtype=mu.dtype)
    z = mu + torch.exp(log_sigma) * noise
    values = f(z)
    others = (values.sum(dim=0) - values) / (n_samples - 1)
    scores = gradient_estimators.score(z, mu, log_sigma)
    return tuple(((values - others)[..., None] * s).mean(dim=0) for s in scores)
