# The decoder's mean is left at zero, so E x^2 takes the place of the variance. hint: E x² instead of the variance
def best_elbo_without_latents(mu: torch.Tensor, Sigma: torch.Tensor) -> torch.Tensor:
    return -0.5 * (1 + (2 * torch.pi * (Sigma.diagonal() + mu**2)).log()).sum()
