# New noise from torch below the top.
def ancestral_sample(model: torch.nn.Module, noise: list[torch.Tensor]) -> list[torch.Tensor]:
    latents, above = [], None
    for layer in range(len(noise), 0, -1):
        mu, log_sigma = model.prior(layer, above)
        above = mu + torch.exp(log_sigma) * (
            torch.randn_like(noise[layer - 1]) if layer < len(noise) else noise[-1]
        )
        latents.insert(0, above)
    return latents
