# The gradient in sigma; the parameter is log sigma, which takes a factor sigma.
def reparametrized_gradient(f, mu, log_sigma, n_samples, generator):
    noise = torch.randn(n_samples, *mu.shape, generator=generator, dtype=mu.dtype)
    z = (mu + torch.exp(log_sigma) * noise).detach().requires_grad_()
    slope = torch.autograd.grad(f(z).sum(), z)[0]
    return slope.mean(dim=0), (slope * noise).mean(dim=0)
