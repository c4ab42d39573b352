# The benefit for isotropic noise, (7.25).
def latent_benefit(Sigma: torch.Tensor) -> torch.Tensor:
    D = len(Sigma)
    return 0.5 * (D * (Sigma.trace() / D).log() - torch.logdet(Sigma))
