# The model's own method. hint: this is the library's answer
def ancestral_sample(model: torch.nn.Module, noise: list[torch.Tensor]) -> list[torch.Tensor]:
    return model.draw_latents(dict(enumerate(noise, start=1)))
