# Every image's value for every image's score.
def elbo_gradient(model, x, n_data, estimator, n_samples, generator):
    parameters = (model.encoder_weight, model.encoder_bias, model.encoder_log_sigma)
    mu, log_sigma = model.encode(x)

    def f(z):
        return model.log_likelihood(x, z).sum(dim=-1, keepdim=True).expand(z.shape[:-1])

    grad_mu, grad_log_sigma = estimator(f, mu.detach(), log_sigma.detach(), n_samples, generator)
    kl = distributions.kl_to_standard_normal(mu, log_sigma)
    objective = n_data / len(x) * ((grad_mu * mu + grad_log_sigma * log_sigma).sum() - kl.sum())
    return torch.autograd.grad(objective, parameters)
