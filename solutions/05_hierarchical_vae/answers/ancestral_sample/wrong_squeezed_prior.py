# Mean and log sigma are squeezed: wrong for a single row or a single latent. (raises)
def ancestral_sample(model: torch.nn.Module, noise: list[torch.Tensor]) -> list[torch.Tensor]:
    latents, above = [], None
    for layer in range(len(noise), 0, -1):
        mu, log_sigma = model.prior(layer, above)
        above = mu.squeeze() + torch.exp(log_sigma.squeeze()) * noise[layer - 1]
        latents.insert(0, above)
    return latents
