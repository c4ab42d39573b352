# Reparametrizes itself instead of calling the estimator.
def elbo_gradient(model, x, n_data, estimator, n_samples, generator):
    parameters = (model.encoder_weight, model.encoder_bias, model.encoder_log_sigma)
    mu, log_sigma = model.encode(x)
    noise = torch.randn(n_samples, *mu.shape, generator=generator, dtype=mu.dtype)
    z = mu + log_sigma.exp() * noise
    value = model.log_likelihood(x, z).mean(dim=0).sum()
    kl = distributions.kl_to_standard_normal(mu, log_sigma)
    return torch.autograd.grad(n_data / len(x) * (value - kl.sum()), parameters)
