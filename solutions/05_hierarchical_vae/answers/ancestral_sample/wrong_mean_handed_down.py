# The mean of a layer is handed down, not its sample. hint: at the mean of the layer above
def ancestral_sample(model: torch.nn.Module, noise: list[torch.Tensor]) -> list[torch.Tensor]:
    latents, above = [], None
    for layer in range(len(noise), 0, -1):
        mu, log_sigma = model.prior(layer, above)
        latents.insert(0, mu + torch.exp(log_sigma) * noise[layer - 1])
        above = mu.expand_as(noise[layer - 1])
    return latents
