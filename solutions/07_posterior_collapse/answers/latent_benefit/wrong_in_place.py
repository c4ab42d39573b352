# Divides its argument by the standard deviations. hint: work on a copy
def latent_benefit(Sigma: torch.Tensor) -> torch.Tensor:
    sigma = Sigma.diagonal().sqrt().clone()
    Sigma /= sigma
    Sigma /= sigma[:, None]
    return -0.5 * torch.logdet(Sigma)
