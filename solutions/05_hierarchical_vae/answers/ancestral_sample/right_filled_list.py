# A list of the right length, filled from its end; a tuple returned.
def ancestral_sample(model: torch.nn.Module, noise: list[torch.Tensor]) -> list[torch.Tensor]:
    latents = [None] * (len(noise) + 1)
    for layer in range(len(noise), 0, -1):
        mu, log_sigma = model.prior(layer, latents[layer])
        latents[layer - 1] = torch.addcmul(mu, log_sigma.exp(), noise[layer - 1])
    return tuple(latents[:-1])
