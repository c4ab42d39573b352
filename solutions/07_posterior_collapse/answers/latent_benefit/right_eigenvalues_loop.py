# The log-determinant as a loop over eigenvalues.
def latent_benefit(Sigma: torch.Tensor) -> torch.Tensor:
    total = torch.zeros((), dtype=Sigma.dtype)
    for i, value in enumerate(torch.linalg.eigvalsh(Sigma)):
        total = total + 0.5 * (Sigma[i, i].log() - value.log())
    return total
