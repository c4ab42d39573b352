# The generator gets only the gradient of L_I. hint: a gradient of only L_I
from dgm_helpers.layers.frozen import frozen


def infogan_step_losses(
    model: torch.nn.Module, x: torch.Tensor, latent: torch.Tensor, weights: tuple = (1.0, 0.1)
) -> tuple[torch.Tensor, torch.Tensor]:
    images = model.generate(latent)
    seen = model.trunk(images.detach())
    discrete, continuous = model.information(model.posterior(model.recognition(seen)), latent)
    real_logits = model.critic(model.trunk(x))[:, 0]
    game = adversarial.discriminator_loss(real_logits, model.critic(seen)[:, 0])
    discriminator = game - weights[0] * discrete - weights[1] * continuous
    shown = frozen(model.trunk)(images)
    q = model.posterior(frozen(model.recognition)(shown))
    discrete, continuous = model.information(q, latent)
    game = adversarial.generator_loss(frozen(model.critic)(shown)[:, 0]).detach()
    generator = game - weights[0] * discrete - weights[1] * continuous
    return discriminator, generator
