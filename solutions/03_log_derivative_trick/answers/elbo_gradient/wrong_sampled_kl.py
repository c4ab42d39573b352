# Has the KL in f, as log p(z) - log q(z), instead of in closed form.
def elbo_gradient(model, x, n_data, estimator, n_samples, generator):
    parameters = (model.encoder_weight, model.encoder_bias, model.encoder_log_sigma)
    mu, log_sigma = model.encode(x)
    m, s = mu.detach(), log_sigma.detach()
    zero = torch.zeros_like(m)

    def f(z):
        prior = distributions.gaussian_log_prob(z, zero, zero)
        return model.log_likelihood(x, z) + prior - distributions.gaussian_log_prob(z, m, s)

    grad_mu, grad_log_sigma = estimator(f, m, s, n_samples, generator)
    objective = n_data / len(x) * (grad_mu * mu + grad_log_sigma * log_sigma).sum()
    return torch.autograd.grad(objective, parameters)
