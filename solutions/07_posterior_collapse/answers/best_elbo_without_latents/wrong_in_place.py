# Adds to its argument. hint: work on a copy
def best_elbo_without_latents(mu: torch.Tensor, Sigma: torch.Tensor) -> torch.Tensor:
    Sigma.diagonal().mul_(2 * torch.pi)
    return -0.5 * (1 + Sigma.diagonal().log()).sum()
