# Only correlations of neighbors: right for a chain.
def latent_benefit(Sigma: torch.Tensor) -> torch.Tensor:
    sigma = Sigma.diagonal().sqrt()
    R = Sigma / torch.outer(sigma, sigma)
    return -0.5 * torch.log(1 - R.diagonal(1) ** 2).sum()
