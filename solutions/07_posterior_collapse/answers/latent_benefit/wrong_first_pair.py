# Only the first two coordinates. It raises for one.
def latent_benefit(Sigma: torch.Tensor) -> torch.Tensor:
    rho = Sigma[0, 1] / (Sigma[0, 0] * Sigma[1, 1]).sqrt()
    return -0.5 * torch.log(1 - rho**2)
