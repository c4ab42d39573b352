# Writes its own score with log sigma as sigma. hint: log σ used as σ
def score_function_gradient(f, mu, log_sigma, n_samples, generator):
    noise = torch.randn(n_samples, *mu.shape, generator=generator, dtype=mu.dtype)
    z = mu + torch.exp(log_sigma) * noise
    values = f(z)[..., None]
    u = (z - mu) / log_sigma
    return (values * u / log_sigma).mean(dim=0), (values * (u**2 - 1)).mean(dim=0)
