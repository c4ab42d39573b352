# One sample after the other, in a running sum.
def score_function_gradient(f, mu, log_sigma, n_samples, generator):
    total_mu, total_log_sigma = torch.zeros_like(mu), torch.zeros_like(mu)
    for _ in range(n_samples):
        noise = torch.randn(mu.shape, generator=generator, dtype=mu.dtype)
        z = mu + log_sigma.exp() * noise
        value = f(z[None])[0][..., None]
        total_mu = total_mu + value * noise / log_sigma.exp()
        total_log_sigma = total_log_sigma + value * (noise**2 - 1)
    return total_mu / n_samples, total_log_sigma / n_samples
