# The prior is asked with the noise of the layer above, not with its latents.
def ancestral_sample(model: torch.nn.Module, noise: list[torch.Tensor]) -> list[torch.Tensor]:
    latents = []
    for layer, eps in enumerate(noise, start=1):
        mu, log_sigma = model.prior(layer, noise[layer] if layer < len(noise) else None)
        latents.append(mu + torch.exp(log_sigma) * eps)
    return latents
