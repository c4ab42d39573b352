# Differentiates f only in z and does the chain rule by hand.
def reparametrized_gradient(f, mu, log_sigma, n_samples, generator):
    noise = torch.randn(n_samples, *mu.shape, generator=generator, dtype=mu.dtype)
    sigma = torch.exp(log_sigma)
    z = (mu + sigma * noise).detach().requires_grad_()
    slope = torch.autograd.grad(f(z).sum(), z)[0]
    return slope.mean(dim=0), (slope * sigma * noise).mean(dim=0)
