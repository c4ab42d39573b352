# Takes the noise out of the list that it was given. hint: work on a copy
def ancestral_sample(model: torch.nn.Module, noise: list[torch.Tensor]) -> list[torch.Tensor]:
    latents, above = [], None
    while noise:
        mu, log_sigma = model.prior(len(noise), above)
        above = mu + torch.exp(log_sigma) * noise.pop()
        latents.insert(0, above)
    return latents
