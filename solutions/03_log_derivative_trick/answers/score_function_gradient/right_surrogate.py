# Differentiates f(z) log q(z) with the sample and the value held constant.
def score_function_gradient(f, mu, log_sigma, n_samples, generator):
    mu = mu.detach().clone().requires_grad_()
    log_sigma = log_sigma.detach().clone().requires_grad_()
    with torch.no_grad():
        z = distributions.gaussian_sample(
            mu.expand(n_samples, *mu.shape), log_sigma.expand(n_samples, *mu.shape), generator
        )
        values = f(z)
    surrogate = (values * distributions.gaussian_log_prob(z, mu, log_sigma)).mean(dim=0).sum()
    return torch.autograd.grad(surrogate, (mu, log_sigma))
