# Axes of size 1 are removed: it raises for one coordinate.
def latent_benefit(Sigma: torch.Tensor) -> torch.Tensor:
    Sigma = Sigma.squeeze()
    return 0.5 * (Sigma.diagonal().log().sum() - torch.logdet(Sigma))
