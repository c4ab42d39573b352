# The sign of log det Sigma is wrong: it is added. hint: log det Σ added
def latent_benefit(Sigma: torch.Tensor) -> torch.Tensor:
    return 0.5 * (Sigma.diagonal().log().sum() + torch.logdet(Sigma))
