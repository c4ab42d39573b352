# Draws from torch's global generator instead of the given one.
def score_function_gradient(f, mu, log_sigma, n_samples, generator):
    z = mu + torch.exp(log_sigma) * torch.randn(n_samples, *mu.shape, dtype=mu.dtype)
    values = f(z)[..., None]
    return tuple((values * s).mean(dim=0) for s in gradient_estimators.score(z, mu, log_sigma))
