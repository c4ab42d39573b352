# The factor 1/2 is missing. hint: the factor ½ missing
def best_elbo_without_latents(mu: torch.Tensor, Sigma: torch.Tensor) -> torch.Tensor:
    return -(1 + (2 * torch.pi * Sigma.diagonal()).log()).sum()
