# Calls backward without clearing the gradients of an earlier step. hint: gradients of an earlier step added
def elbo_gradient(model, x, n_data, estimator, n_samples, generator):
    mu, log_sigma = model.encode(x)
    grad_mu, grad_log_sigma = estimator(
        lambda z: model.log_likelihood(x, z), mu.detach(), log_sigma.detach(), n_samples, generator
    )
    kl = distributions.kl_to_standard_normal(mu, log_sigma)
    objective = n_data / len(x) * ((grad_mu * mu + grad_log_sigma * log_sigma).sum() - kl.sum())
    objective.backward()
    return (
        model.encoder_weight.grad.clone(),
        model.encoder_bias.grad.clone(),
        model.encoder_log_sigma.grad.clone(),
    )
