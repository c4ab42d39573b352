# Mirrored noise.
def reparametrized_gradient(f, mu, log_sigma, n_samples, generator):
    mu = mu.detach().clone().requires_grad_()
    log_sigma = log_sigma.detach().clone().requires_grad_()
    noise = torch.randn(n_samples, *mu.shape, generator=generator, dtype=mu.dtype)
    half = n_samples // 2
    noise[half : 2 * half] = -noise[:half]
    z = mu + torch.exp(log_sigma) * noise
    return torch.autograd.grad(f(z).mean(dim=0).sum(), (mu, log_sigma))
