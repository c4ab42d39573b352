# Only the top two layers are chained; below them the noise is the latent (raises nowhere).
def ancestral_sample(model: torch.nn.Module, noise: list[torch.Tensor]) -> list[torch.Tensor]:
    latents, above = [], None
    for layer in range(len(noise), 0, -1):
        mu, log_sigma = model.prior(layer, above)
        above = (
            mu + torch.exp(log_sigma) * noise[layer - 1]
            if layer > len(noise) - 2
            else noise[layer - 1]
        )
        latents.insert(0, above)
    return latents
