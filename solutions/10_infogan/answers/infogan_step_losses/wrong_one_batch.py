# Real and generated images pass the network in one batch: a critic that sees its batch sees both.
from dgm_helpers.layers.frozen import frozen


def infogan_step_losses(
    model: torch.nn.Module, x: torch.Tensor, latent: torch.Tensor, weights: tuple = (1.0, 0.1)
) -> tuple[torch.Tensor, torch.Tensor]:
    images = model.generate(latent)
    both = model.trunk(torch.cat([x, images.detach()]))
    logits = model.critic(both)[:, 0]
    seen = both[len(x) :]
    discrete, continuous = model.information(model.posterior(model.recognition(seen)), latent)
    game = adversarial.discriminator_loss(logits[: len(x)], logits[len(x) :])
    discriminator = game - weights[0] * discrete - weights[1] * continuous
    shown = frozen(model.trunk)(images)
    discrete, continuous = model.information(
        model.posterior(frozen(model.recognition)(shown)), latent
    )
    game = adversarial.generator_loss(frozen(model.critic)(shown)[:, 0])
    generator = game - weights[0] * discrete - weights[1] * continuous
    return discriminator, generator
