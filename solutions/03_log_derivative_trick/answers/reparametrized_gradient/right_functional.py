# With torch.func.grad.
def reparametrized_gradient(f, mu, log_sigma, n_samples, generator):
    from torch.func import grad

    noise = torch.randn(n_samples, *mu.shape, generator=generator, dtype=mu.dtype)

    def average(mu, log_sigma):
        return f(mu + torch.exp(log_sigma) * noise).mean(dim=0).sum()

    return grad(average, argnums=(0, 1))(mu, log_sigma)
