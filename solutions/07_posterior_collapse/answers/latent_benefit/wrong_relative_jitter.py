# A small multiple of the variances is added to the diagonal.
def latent_benefit(Sigma: torch.Tensor) -> torch.Tensor:
    Sigma = Sigma + 1e-3 * torch.diag(Sigma.diagonal())
    return 0.5 * (Sigma.diagonal().log().sum() - torch.logdet(Sigma))
