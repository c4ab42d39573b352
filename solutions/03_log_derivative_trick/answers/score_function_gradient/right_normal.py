# Samples with torch.normal.
def score_function_gradient(f, mu, log_sigma, n_samples, generator):
    spread = log_sigma.exp().expand(n_samples, *mu.shape)
    z = torch.normal(mu.expand_as(spread), spread, generator=generator)
    values = f(z)[..., None]
    first, second = gradient_estimators.score(z, mu, log_sigma)
    return torch.nn.Parameter((values * first).mean(dim=0)), (values * second).mean(dim=0)
