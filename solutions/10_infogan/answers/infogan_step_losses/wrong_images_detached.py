# The generator's loss sees detached images: no gradient reaches the generator. hint: do not detach images
def infogan_step_losses(
    model: torch.nn.Module, x: torch.Tensor, latent: torch.Tensor, weights: tuple = (1.0, 0.1)
) -> tuple[torch.Tensor, torch.Tensor]:
    images = model.generate(latent)
    seen = model.trunk(images.detach())
    discrete, continuous = model.information(model.posterior(model.recognition(seen)), latent)
    information = weights[0] * discrete + weights[1] * continuous
    game = adversarial.discriminator_loss(
        model.critic(model.trunk(x))[:, 0], model.critic(seen)[:, 0]
    )
    discriminator = game - information

    shown = model.trunk(images.detach())
    discrete, continuous = model.information(model.posterior(model.recognition(shown)), latent)
    information = weights[0] * discrete + weights[1] * continuous
    game = adversarial.generator_loss(model.critic(shown)[:, 0])
    return discriminator, game - information
