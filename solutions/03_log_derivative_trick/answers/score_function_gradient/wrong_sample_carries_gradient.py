# The sample carries a gradient into f and into log q: it must be a constant.
def score_function_gradient(f, mu, log_sigma, n_samples, generator):
    mu = mu.detach().clone().requires_grad_()
    log_sigma = log_sigma.detach().clone().requires_grad_()
    noise = torch.randn(n_samples, *mu.shape, generator=generator, dtype=mu.dtype)
    z = mu + torch.exp(log_sigma) * noise
    surrogate = f(z) * distributions.gaussian_log_prob(z, mu, log_sigma)
    return torch.autograd.grad(surrogate.mean(dim=0).sum(), (mu, log_sigma))
