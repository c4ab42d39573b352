# Both losses are the sum of everything: each player descends the other's loss. hint: the sum of both games
def infogan_step_losses(
    model: torch.nn.Module, x: torch.Tensor, latent: torch.Tensor, weights: tuple = (1.0, 0.1)
) -> tuple[torch.Tensor, torch.Tensor]:
    images = model.generate(latent)
    discrete, continuous = model.information(model.encode(images), latent)
    fake = model.discriminate(images)
    total = adversarial.discriminator_loss(
        model.discriminate(x), fake
    ) + adversarial.generator_loss(fake)
    total = total - weights[0] * discrete - weights[1] * continuous
    return total, total
