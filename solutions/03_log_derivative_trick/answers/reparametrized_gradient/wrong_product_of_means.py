# Averages slope and noise separately. hint: average the product
def reparametrized_gradient(f, mu, log_sigma, n_samples, generator):
    noise = torch.randn(n_samples, *mu.shape, generator=generator, dtype=mu.dtype)
    z = (mu + torch.exp(log_sigma) * noise).requires_grad_()
    slope = torch.autograd.grad(f(z).sum(), z)[0].mean(dim=0)
    return slope, slope * torch.exp(log_sigma) * noise.mean(dim=0)
