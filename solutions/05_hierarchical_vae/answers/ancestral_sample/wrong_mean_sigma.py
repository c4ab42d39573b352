# One standard deviation for all latents of a layer, the mean one.
def ancestral_sample(model: torch.nn.Module, noise: list[torch.Tensor]) -> list[torch.Tensor]:
    latents, above = [], None
    for layer in range(len(noise), 0, -1):
        mu, log_sigma = model.prior(layer, above)
        above = mu + torch.exp(log_sigma).mean(dim=-1, keepdim=True) * noise[layer - 1]
        latents.insert(0, above)
    return latents
