# Puts the latents into the list that it was given. hint: work on a copy
def ancestral_sample(model: torch.nn.Module, noise: list[torch.Tensor]) -> list[torch.Tensor]:
    above = None
    for layer in range(len(noise), 0, -1):
        mu, log_sigma = model.prior(layer, above)
        above = noise[layer - 1] = mu + torch.exp(log_sigma) * noise[layer - 1]
    return noise
