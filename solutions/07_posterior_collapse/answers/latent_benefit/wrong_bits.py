# Bits instead of nats. hint: bits: return nats
def latent_benefit(Sigma: torch.Tensor) -> torch.Tensor:
    return 0.5 * (Sigma.diagonal().log2().sum() - torch.logdet(Sigma) / 0.6931471805599453)
