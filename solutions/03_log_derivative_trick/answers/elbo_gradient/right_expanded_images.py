# f with the images expanded to n_samples.
def elbo_gradient(model, x, n_data, estimator, n_samples, generator):
    parameters = (model.encoder_weight, model.encoder_bias, model.encoder_log_sigma)
    mu, log_sigma = model.encode(x)
    images = x.expand(n_samples, *x.shape)
    grad_mu, grad_log_sigma = estimator(
        lambda z: model.log_likelihood(images, z),
        mu.detach(),
        log_sigma.detach(),
        n_samples=n_samples,
        generator=generator,
    )
    kl = distributions.kl_to_standard_normal(mu, log_sigma)
    objective = n_data / len(x) * ((grad_mu * mu + grad_log_sigma * log_sigma).sum() - kl.sum())
    return torch.autograd.grad(objective, parameters)
