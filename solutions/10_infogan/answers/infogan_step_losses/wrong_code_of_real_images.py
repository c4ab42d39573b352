# The code is read off the real images; raises if their number differs. hint: read off the real images
from dgm_helpers.layers.frozen import frozen


def infogan_step_losses(
    model: torch.nn.Module, x: torch.Tensor, latent: torch.Tensor, weights: tuple = (1.0, 0.1)
) -> tuple[torch.Tensor, torch.Tensor]:
    images = model.generate(latent)
    constant = images.detach()
    first = adversarial.discriminator_loss(model.discriminate(x), model.discriminate(constant))
    discrete, continuous = model.information(model.encode(x), latent[: len(x)])
    information = weights[0] * discrete + weights[1] * continuous
    shown = frozen(model.trunk)(images)
    second = adversarial.generator_loss(frozen(model.critic)(shown)[:, 0])
    discrete, continuous = model.information(
        model.posterior(frozen(model.recognition)(shown)), latent
    )
    return first - information, second - weights[0] * discrete - weights[1] * continuous
