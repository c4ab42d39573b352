# f is forgotten: the mean of the score is zero.
def score_function_gradient(f, mu, log_sigma, n_samples, generator):
    noise = torch.randn(n_samples, *mu.shape, generator=generator, dtype=mu.dtype)
    z = mu + torch.exp(log_sigma) * noise
    return tuple(s.mean(dim=0) for s in gradient_estimators.score(z, mu, log_sigma))
