# Shape [1] instead of one number.
def best_elbo_without_latents(mu: torch.Tensor, Sigma: torch.Tensor) -> torch.Tensor:
    return -0.5 * (1 + (2 * torch.pi * Sigma.diagonal()).log()).sum(dim=0, keepdim=True)
