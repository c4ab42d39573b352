# One sample after the other, gradients accumulated.
def reparametrized_gradient(f, mu, log_sigma, n_samples, generator):
    total_mu, total_log_sigma = torch.zeros_like(mu), torch.zeros_like(mu)
    for _ in range(n_samples):
        noise = torch.randn(mu.shape, generator=generator, dtype=mu.dtype)
        leaves = mu.detach().clone().requires_grad_(), log_sigma.detach().clone().requires_grad_()
        z = leaves[0] + leaves[1].exp() * noise
        grads = torch.autograd.grad(f(z[None]).sum(), leaves)
        total_mu, total_log_sigma = total_mu + grads[0], total_log_sigma + grads[1]
    return total_mu / n_samples, total_log_sigma / n_samples
