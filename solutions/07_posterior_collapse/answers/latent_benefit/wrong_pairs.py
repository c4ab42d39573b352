# The sum over all pairs of coordinates: right for two of them only. hint: the sum over the pairs
def latent_benefit(Sigma: torch.Tensor) -> torch.Tensor:
    sigma = Sigma.diagonal().sqrt()
    R = Sigma / torch.outer(sigma, sigma)
    return -0.5 * torch.log(1 - R.triu(1) ** 2).sum()
