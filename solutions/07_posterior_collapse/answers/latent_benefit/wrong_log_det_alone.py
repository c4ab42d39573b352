# Half of minus log det, without the variances. hint: log det Σ without the variances
def latent_benefit(Sigma: torch.Tensor) -> torch.Tensor:
    return -0.5 * torch.logdet(Sigma)
