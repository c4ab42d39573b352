# The KL is in f as log p(z) - log q(z) and subtracted once more.
def elbo_gradient(model, x, n_data, estimator, n_samples, generator):
    mu, log_sigma = model.encode(x)
    q = mu.detach(), log_sigma.detach()

    def f(z):
        log_prior = distributions.gaussian_log_prob(z, torch.zeros_like(z), torch.zeros_like(z))
        return model.log_likelihood(x, z) + log_prior - distributions.gaussian_log_prob(z, *q)

    grad_mu, grad_log_sigma = estimator(f, *q, n_samples, generator)
    kl = distributions.kl_to_standard_normal(mu, log_sigma)
    expectation = (grad_mu * mu + grad_log_sigma * log_sigma).sum()
    objective = n_data / len(x) * (expectation - kl.sum())
    return torch.autograd.grad(
        objective, (model.encoder_weight, model.encoder_bias, model.encoder_log_sigma)
    )
