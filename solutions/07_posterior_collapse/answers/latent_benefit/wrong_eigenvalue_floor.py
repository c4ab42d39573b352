# Eigenvalues are bounded below.
def latent_benefit(Sigma: torch.Tensor) -> torch.Tensor:
    values = torch.linalg.eigvalsh(Sigma).clamp_min(1e-6)
    return 0.5 * (Sigma.diagonal().log().sum() - values.log().sum())
