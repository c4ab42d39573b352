# A decoder of variance 1: the variances are not learned. hint: a decoder of variance 1
def best_elbo_without_latents(mu: torch.Tensor, Sigma: torch.Tensor) -> torch.Tensor:
    return -0.5 * (mu.new_tensor(2 * torch.pi).log() + Sigma.diagonal()).sum()
