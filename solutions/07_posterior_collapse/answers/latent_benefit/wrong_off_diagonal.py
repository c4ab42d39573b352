# The squared covariances: right to leading order for small correlations and unit variances only.
def latent_benefit(Sigma: torch.Tensor) -> torch.Tensor:
    return 0.5 * (Sigma.triu(1) ** 2).sum()
