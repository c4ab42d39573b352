# The noise is not multiplied by sigma.
def ancestral_sample(model: torch.nn.Module, noise: list[torch.Tensor]) -> list[torch.Tensor]:
    latents, above = [], None
    for layer in range(len(noise), 0, -1):
        mu, _ = model.prior(layer, above)
        above = mu + noise[layer - 1]
        latents.insert(0, above)
    return latents
