# The strongest correlation only.
def latent_benefit(Sigma: torch.Tensor) -> torch.Tensor:
    sigma = Sigma.diagonal().sqrt()
    R = (Sigma / torch.outer(sigma, sigma)).tril(-1)
    return -0.5 * torch.log(1 - (R**2).amax())
