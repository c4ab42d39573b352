# Samples with the library and calls backward.
def reparametrized_gradient(f, mu, log_sigma, n_samples, generator):
    mu = mu.detach().clone().requires_grad_()
    log_sigma = log_sigma.detach().clone().requires_grad_()
    shape = (n_samples, *mu.shape)
    z = distributions.gaussian_sample(mu.expand(shape), log_sigma.expand(shape), generator)
    (f(z).sum() / n_samples).backward()
    return mu.grad, log_sigma.grad
