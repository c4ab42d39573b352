# The determinant from the diagonal of the Cholesky factor.
def latent_benefit(Sigma: torch.Tensor) -> torch.Tensor:
    root = torch.linalg.cholesky(Sigma)
    return (0.5 * Sigma.diagonal().log() - root.diagonal().log()).sum()
