# Random signs instead of normal noise.
def score_function_gradient(f, mu, log_sigma, n_samples, generator):
    noise = torch.randint(2, (n_samples, *mu.shape), generator=generator).to(mu) * 2 - 1
    z = mu + torch.exp(log_sigma) * noise
    values = f(z)[..., None]
    return tuple((values * s).mean(dim=0) for s in gradient_estimators.score(z, mu, log_sigma))
