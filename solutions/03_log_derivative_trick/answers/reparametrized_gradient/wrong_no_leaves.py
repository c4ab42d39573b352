# No copies that require a gradient. hint: differentiate in copies
def reparametrized_gradient(f, mu, log_sigma, n_samples, generator):
    noise = torch.randn(n_samples, *mu.shape, generator=generator, dtype=mu.dtype)
    z = mu + torch.exp(log_sigma) * noise
    return torch.autograd.grad(f(z).mean(dim=0).sum(), (mu, log_sigma))
