# One sample for each row, repeated n_samples times.
def reparametrized_gradient(f, mu, log_sigma, n_samples, generator):
    mu = mu.detach().clone().requires_grad_()
    log_sigma = log_sigma.detach().clone().requires_grad_()
    noise = torch.randn(1, *mu.shape, generator=generator, dtype=mu.dtype).expand(
        n_samples, *mu.shape
    )
    z = mu + torch.exp(log_sigma) * noise
    return torch.autograd.grad(f(z).mean(dim=0).sum(), (mu, log_sigma))
