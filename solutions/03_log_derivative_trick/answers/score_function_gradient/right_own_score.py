# Writes the score from the noise itself and averages with einsum.
def score_function_gradient(f, mu, log_sigma, n_samples, generator):
    noise = torch.randn(n_samples, *mu.shape, generator=generator, dtype=mu.dtype)
    z = mu + torch.exp(log_sigma) * noise
    values = f(z)
    grad_mu = torch.einsum("k...,k...d->...d", values, noise) / log_sigma.exp() / n_samples
    grad_log_sigma = torch.einsum("k...,k...d->...d", values, noise**2 - 1) / n_samples
    return grad_mu, grad_log_sigma
