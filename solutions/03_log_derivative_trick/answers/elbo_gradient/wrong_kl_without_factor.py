# The KL of the batch alone; the factor n/B multiplies both terms.
def elbo_gradient(model, x, n_data, estimator, n_samples, generator):
    mu, log_sigma = model.encode(x)
    grad_mu, grad_log_sigma = estimator(
        lambda z: model.log_likelihood(x, z), mu.detach(), log_sigma.detach(), n_samples, generator
    )
    kl = distributions.kl_to_standard_normal(mu, log_sigma)
    expectation = (grad_mu * mu + grad_log_sigma * log_sigma).sum()
    objective = n_data / len(x) * expectation - kl.sum()
    return torch.autograd.grad(
        objective, (model.encoder_weight, model.encoder_bias, model.encoder_log_sigma)
    )
