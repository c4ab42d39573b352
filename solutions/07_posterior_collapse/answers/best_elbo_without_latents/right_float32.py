# In float32, whatever the dtype of Sigma.
def best_elbo_without_latents(mu: torch.Tensor, Sigma: torch.Tensor) -> torch.Tensor:
    Sigma = Sigma.float()
    return -0.5 * (1 + (2 * torch.pi * Sigma.diagonal()).log()).sum()
