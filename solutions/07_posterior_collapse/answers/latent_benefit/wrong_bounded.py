# The benefit is bounded above.
def latent_benefit(Sigma: torch.Tensor) -> torch.Tensor:
    return (0.5 * (Sigma.diagonal().log().sum() - torch.logdet(Sigma))).clamp_max(100)
