# Passes mu and log_sigma to the estimator with their gradients, so that the estimate is differentiated, too.
def elbo_gradient(model, x, n_data, estimator, n_samples, generator):
    mu, log_sigma = model.encode(x)
    grad_mu, grad_log_sigma = estimator(
        lambda z: model.log_likelihood(x, z), mu, log_sigma, n_samples, generator
    )
    kl = distributions.kl_to_standard_normal(mu, log_sigma)
    objective = n_data / len(x) * ((grad_mu * mu + grad_log_sigma * log_sigma).sum() - kl.sum())
    return torch.autograd.grad(
        objective, (model.encoder_weight, model.encoder_bias, model.encoder_log_sigma)
    )
