# Draws from torch's global generator instead of the given one.
def reparametrized_gradient(f, mu, log_sigma, n_samples, generator):
    mu = mu.detach().clone().requires_grad_()
    log_sigma = log_sigma.detach().clone().requires_grad_()
    z = mu + torch.exp(log_sigma) * torch.randn(n_samples, *mu.shape, dtype=mu.dtype)
    return torch.autograd.grad(f(z).mean(dim=0).sum(), (mu, log_sigma))
