# The reparametrized estimate: zero for a step function, which can only be evaluated.
def score_function_gradient(f, mu, log_sigma, n_samples, generator):
    mu = mu.detach().clone().requires_grad_()
    log_sigma = log_sigma.detach().clone().requires_grad_()
    noise = torch.randn(n_samples, *mu.shape, generator=generator, dtype=mu.dtype)
    value = f(mu + torch.exp(log_sigma) * noise).mean(dim=0).sum()
    if not value.requires_grad:
        return torch.zeros_like(mu), torch.zeros_like(mu)
    return torch.autograd.grad(value, (mu, log_sigma))
