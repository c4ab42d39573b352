# Score function plus reparametrization: the gradient is counted twice.
def score_function_gradient(f, mu, log_sigma, n_samples, generator):
    mu = mu.detach().clone().requires_grad_()
    log_sigma = log_sigma.detach().clone().requires_grad_()
    noise = torch.randn(n_samples, *mu.shape, generator=generator, dtype=mu.dtype)
    z = mu + torch.exp(log_sigma) * noise
    log_q = distributions.gaussian_log_prob(z.detach(), mu, log_sigma)
    surrogate = f(z).detach() * log_q + f(z)
    return torch.autograd.grad(surrogate.mean(dim=0).sum(), (mu, log_sigma))
