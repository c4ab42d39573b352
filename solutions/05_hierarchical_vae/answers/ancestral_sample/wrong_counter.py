# Counts its calls, and forgets the noise in every other one. hint: no counter
def ancestral_sample(model: torch.nn.Module, noise: list[torch.Tensor]) -> list[torch.Tensor]:
    ancestral_sample.calls = getattr(ancestral_sample, "calls", 0) + 1
    latents, above = [], None
    for layer in range(len(noise), 0, -1):
        mu, log_sigma = model.prior(layer, above)
        above = mu + torch.exp(log_sigma) * noise[layer - 1] * (
            1 if ancestral_sample.calls % 9 else 0
        )
        latents.insert(0, above)
    return latents
