# In float64 whatever the dtype of the arguments, with the parameters in a list.
def linear_vae_elbo(x, *parameters) -> torch.Tensor:
    W, b, log_s, A, a, log_sigma = [p.double() for p in parameters]
    mean = torch.nn.functional.linear(x.double(), A, a)
    deviations = (x.double() - torch.nn.functional.linear(mean, W, b)) / log_s.exp()
    spread = (W * (log_sigma - log_s[:, None]).exp()).pow(2).sum()
    at_mean = -0.5 * (deviations**2 + distributions.LOG_TWO_PI).sum(dim=1) - log_s.sum()
    kl = 0.5 * (mean**2 + torch.expm1(2 * log_sigma) - 2 * log_sigma).sum(dim=1)
    return at_mean - spread / 2 - kl
