# A small multiple of the identity is added to Sigma.
def latent_benefit(Sigma: torch.Tensor) -> torch.Tensor:
    return 0.5 * (
        Sigma.diagonal().log().sum() - torch.logdet(Sigma + 1e-6 * torch.eye(len(Sigma)).to(Sigma))
    )
