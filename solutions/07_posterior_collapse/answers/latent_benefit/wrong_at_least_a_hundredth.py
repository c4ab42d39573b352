# The benefit is bounded below by 0.01.
def latent_benefit(Sigma: torch.Tensor) -> torch.Tensor:
    return (0.5 * (Sigma.diagonal().log().sum() - torch.logdet(Sigma))).clamp_min(0.01)
