# The chain rule by hand, with the KL's gradient mu and sigma squared - 1.
def elbo_gradient(model, x, n_data, estimator, n_samples, generator):
    with torch.no_grad():
        mu, log_sigma = model.encode(x)
    grad_mu, grad_log_sigma = estimator(
        lambda z: model.log_likelihood(x, z), mu, log_sigma, n_samples, generator
    )
    grad_mu = grad_mu - mu
    grad_log_sigma = grad_log_sigma - (torch.exp(2 * log_sigma) - 1)
    scale = n_data / x.shape[0]
    return scale * grad_mu.T @ x, scale * grad_mu.sum(dim=0), scale * grad_log_sigma.sum(dim=0)
