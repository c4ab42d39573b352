# The factor 1/2 is missing from the logarithm. hint: the factor ½ missing from the logarithm
def best_elbo_without_latents(mu: torch.Tensor, Sigma: torch.Tensor) -> torch.Tensor:
    return -(0.5 + (2 * torch.pi * Sigma.diagonal()).log()).sum()
