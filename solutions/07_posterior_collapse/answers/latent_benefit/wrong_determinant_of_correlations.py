# The determinant of the correlation matrix, which underflows if the correlations are strong.
def latent_benefit(Sigma: torch.Tensor) -> torch.Tensor:
    sigma = Sigma.diagonal().sqrt()
    return -0.5 * torch.linalg.det(Sigma / sigma / sigma[:, None]).log()
