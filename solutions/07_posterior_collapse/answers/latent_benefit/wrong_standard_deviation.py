# Standard deviations instead of variances. hint: standard deviations instead of variances
def latent_benefit(Sigma: torch.Tensor) -> torch.Tensor:
    return 0.5 * (Sigma.diagonal().sqrt().log().sum() - torch.logdet(Sigma))
