# The adversarial term is missing. hint: without its adversarial term
from dgm_helpers.layers.frozen import frozen


def infogan_step_losses(
    model: torch.nn.Module, x: torch.Tensor, latent: torch.Tensor, weights: tuple = (1.0, 0.1)
) -> tuple[torch.Tensor, torch.Tensor]:
    images = model.generate(latent)
    seen = model.trunk(images.detach())
    discrete, continuous = model.information(model.posterior(model.recognition(seen)), latent)
    discriminator = -weights[0] * discrete - weights[1] * continuous
    shown = frozen(model.trunk)(images)
    q = model.posterior(frozen(model.recognition)(shown))
    discrete, continuous = model.information(q, latent)
    generator = -weights[0] * discrete - weights[1] * continuous
    return discriminator, generator
