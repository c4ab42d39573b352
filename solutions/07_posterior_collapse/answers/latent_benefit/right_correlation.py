# Minus half the log-determinant of the correlation matrix.
def latent_benefit(Sigma: torch.Tensor) -> torch.Tensor:
    sigma = Sigma.diagonal().sqrt()
    return -0.5 * torch.linalg.slogdet(Sigma / sigma / sigma[:, None]).logabsdet
