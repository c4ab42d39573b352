# The gradient at the mean, with the noise only in the factor. hint: the gradient at the mean
def reparametrized_gradient(f, mu, log_sigma, n_samples, generator):
    noise = torch.randn(n_samples, *mu.shape, generator=generator, dtype=mu.dtype)
    slope = mu.detach().clone().requires_grad_()
    slope = torch.autograd.grad(f(slope[None])[0].sum(), slope)[0]
    return slope, slope * torch.exp(log_sigma) * noise.mean(dim=0)
