# By an affine transform of torch.distributions.
def ancestral_sample(model: torch.nn.Module, noise: list[torch.Tensor]) -> list[torch.Tensor]:
    latents = []
    for layer in reversed(range(1, len(noise) + 1)):
        mu, log_sigma = model.prior(layer, latents[-1] if latents else None)
        transform = torch.distributions.AffineTransform(mu, log_sigma.exp())
        latents.append(transform(noise[layer - 1]))
    latents.reverse()
    return latents
