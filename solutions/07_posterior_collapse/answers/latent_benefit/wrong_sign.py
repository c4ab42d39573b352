# The whole difference the other way round. hint: the opposite sign
def latent_benefit(Sigma: torch.Tensor) -> torch.Tensor:
    return 0.5 * (torch.logdet(Sigma) - Sigma.diagonal().log().sum())
