# By automatic differentiation of the log-density, on expanded copies.
def score(z, mu, log_sigma):
    mu, log_sigma = (p.expand(z.shape).detach().clone().requires_grad_() for p in (mu, log_sigma))
    log_prob = distributions.gaussian_log_prob(z, mu, log_sigma)
    return torch.autograd.grad(log_prob.sum(), (mu, log_sigma))
