# Sums over the rows of Sigma instead of its diagonal.
def best_elbo_without_latents(mu: torch.Tensor, Sigma: torch.Tensor) -> torch.Tensor:
    return -0.5 * (1 + (2 * torch.pi * Sigma.abs().sum(dim=1)).log()).sum()
