# Returns zeros.
def reparametrized_gradient(f, mu, log_sigma, n_samples, generator):
    return torch.zeros_like(mu), torch.zeros_like(mu)
