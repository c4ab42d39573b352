# One variance for all coordinates: isotropic noise. hint: one variance for all coordinates
def best_elbo_without_latents(mu: torch.Tensor, Sigma: torch.Tensor) -> torch.Tensor:
    return -0.5 * len(mu) * (1 + (2 * torch.pi * Sigma.diagonal().mean()).log())
