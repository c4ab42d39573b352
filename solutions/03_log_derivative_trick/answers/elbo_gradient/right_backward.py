# Backpropagates the estimates as gradients of mu and log sigma.
def elbo_gradient(model, x, n_data, estimator, n_samples, generator):
    parameters = (model.encoder_weight, model.encoder_bias, model.encoder_log_sigma)
    mu, log_sigma = model.encode(x)
    estimates = estimator(
        lambda z: model.log_likelihood(x, z), mu.detach(), log_sigma.detach(), n_samples, generator
    )
    through = torch.autograd.grad((mu, log_sigma), parameters, estimates, retain_graph=True)
    kl = torch.autograd.grad(distributions.kl_to_standard_normal(mu, log_sigma).sum(), parameters)
    return tuple(n_data / len(x) * (g - k) for g, k in zip(through, kl, strict=True))
