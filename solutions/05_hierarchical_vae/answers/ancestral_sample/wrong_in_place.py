# Works in place, on the tensors that it was given.
def ancestral_sample(model: torch.nn.Module, noise: list[torch.Tensor]) -> list[torch.Tensor]:
    latents, above = list(noise), None
    for layer in range(len(noise), 0, -1):
        mu, log_sigma = model.prior(layer, above)
        above = latents[layer - 1].mul_(torch.exp(log_sigma)).add_(mu)
    return latents
