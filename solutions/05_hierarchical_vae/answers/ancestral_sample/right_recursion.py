# The top by hand, the rest appended and reversed at the end.
def ancestral_sample(model: torch.nn.Module, noise: list[torch.Tensor]) -> list[torch.Tensor]:
    latents = [noise[-1]]
    for layer, eps in reversed(list(enumerate(noise[:-1], start=1))):
        mu, log_sigma = model.prior(layer, latents[-1])
        latents.append(mu + log_sigma.exp() * eps)
    return latents[::-1]
