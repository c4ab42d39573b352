# A mean over the rows too; each row has its own gradient.
def reparametrized_gradient(f, mu, log_sigma, n_samples, generator):
    mu = mu.detach().clone().requires_grad_()
    log_sigma = log_sigma.detach().clone().requires_grad_()
    noise = torch.randn(n_samples, *mu.shape, generator=generator, dtype=mu.dtype)
    z = mu + torch.exp(log_sigma) * noise
    return torch.autograd.grad(f(z).mean(), (mu, log_sigma))
