# The recognition head is frozen in the discriminator's loss as well: it never learns. hint: every value is zero
from dgm_helpers.layers.frozen import frozen


def infogan_step_losses(
    model: torch.nn.Module, x: torch.Tensor, latent: torch.Tensor, weights: tuple = (1.0, 0.1)
) -> tuple[torch.Tensor, torch.Tensor]:
    images = model.generate(latent)
    seen = model.trunk(images.detach())
    discrete, continuous = model.information(
        model.posterior(frozen(model.recognition)(seen)), latent
    )
    information = weights[0] * discrete + weights[1] * continuous
    game = adversarial.discriminator_loss(
        model.critic(model.trunk(x))[:, 0], model.critic(seen)[:, 0]
    )
    discriminator = game - information

    shown = frozen(model.trunk)(images)
    discrete, continuous = model.information(
        model.posterior(frozen(model.recognition)(shown)), latent
    )
    information = weights[0] * discrete + weights[1] * continuous
    game = adversarial.generator_loss(frozen(model.critic)(shown)[:, 0])
    return discriminator, game - information
