# Multiplies the noise by log sigma instead of sigma.
def reparametrized_gradient(f, mu, log_sigma, n_samples, generator):
    mu = mu.detach().clone().requires_grad_()
    log_sigma = log_sigma.detach().clone().requires_grad_()
    noise = torch.randn(n_samples, *mu.shape, generator=generator, dtype=mu.dtype)
    z = mu + log_sigma * noise
    return torch.autograd.grad(f(z).mean(dim=0).sum(), (mu, log_sigma))
