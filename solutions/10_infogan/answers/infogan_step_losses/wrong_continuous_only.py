# The categorical codes are forgotten. hint: a loss without the categorical codes
from dgm_helpers.layers.frozen import frozen


def infogan_step_losses(
    model: torch.nn.Module, x: torch.Tensor, latent: torch.Tensor, weights: tuple = (1.0, 0.1)
) -> tuple[torch.Tensor, torch.Tensor]:
    images = model.generate(latent)
    seen = model.trunk(images.detach())
    _, continuous = model.information(model.posterior(model.recognition(seen)), latent)
    real_logits = model.critic(model.trunk(x))[:, 0]
    game = adversarial.discriminator_loss(real_logits, model.critic(seen)[:, 0])
    discriminator = game - weights[1] * continuous
    shown = frozen(model.trunk)(images)
    q = model.posterior(frozen(model.recognition)(shown))
    _, continuous = model.information(q, latent)
    game = adversarial.generator_loss(frozen(model.critic)(shown)[:, 0])
    generator = game - weights[1] * continuous
    return discriminator, generator
