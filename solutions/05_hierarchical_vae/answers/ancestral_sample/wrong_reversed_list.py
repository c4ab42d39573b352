# Turns the list around in place. hint: work on a copy
def ancestral_sample(model: torch.nn.Module, noise: list[torch.Tensor]) -> list[torch.Tensor]:
    noise.reverse()
    latents, above = [], None
    for layer in range(len(noise), 0, -1):
        mu, log_sigma = model.prior(layer, above)
        above = mu + torch.exp(log_sigma) * noise[len(noise) - layer]
        latents.insert(0, above)
    return latents
