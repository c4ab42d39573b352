# The KL divergence to independent Gaussians, from torch.distributions.
def latent_benefit(Sigma: torch.Tensor) -> torch.Tensor:
    zeros = torch.zeros(len(Sigma)).to(Sigma)
    data = torch.distributions.MultivariateNormal(zeros, Sigma)
    apart = torch.distributions.MultivariateNormal(zeros, torch.diag(Sigma.diagonal()))
    return torch.distributions.kl_divergence(data, apart)
