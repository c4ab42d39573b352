r"""Active units: the latents whose mean under q(z|x) differs from image to image.

Burda, Grosse and Salakhutdinov (2016), section 5: the activity of unit u is
:math:`A_u = \mathrm{Var}_x(E_{q(z|x)}[z_u])`, and it is active if :math:`A_u > 10^{-2}`. One that the decoder ignores
keeps the prior's mean for all images. The count depends on the images that x runs over: name them with it.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

THRESHOLD = 1e-2
IMAGES_AT_ONCE = 50


def unit_activity(means: Float[Tensor, "n latent"]) -> Float[Tensor, " latent"]:
    r"""Variance over the images of each unit's mean, :math:`A_u`, from the encoder's means ``[n, latent]``.

    Raises:
        ValueError: if there are fewer than two images.
    """
    return _covariance(means, means)


@torch.no_grad()
def active_units(
    model: nn.Module,
    x: Float[Tensor, "n *pixels"],
    generator: torch.Generator | None = None,
    *,
    threshold: float = THRESHOLD,
    samples: int = 100,
) -> list[Bool[Tensor, " latent"]]:
    r"""Which units of each stochastic layer are active over all the images of ``x``.

    The means of layers above the first are estimated (``model.layer_means``). Their noise would count as variance over
    the images, so :math:`A_u` is the covariance of two independent estimates, which is right on average.

    Args:
        model: with ``layer_means(x, samples, generator)``, a list of the layers' means, or with ``encode(x)``, whose
            first result is the mean of the one layer.
        x: images, two at least.
        generator: where the samples come from.
        threshold: above which a unit is active.
        samples: for each estimate of a mean.

    Returns:
        One mask for each layer, from the image upwards.

    Raises:
        ValueError: if there are fewer than two images.
    """
    parameter = next(model.parameters())

    def means() -> list[Tensor]:
        blocks = [
            model.layer_means(images.to(parameter), samples, generator)
            if hasattr(model, "layer_means")
            else model.encode(images.to(parameter))[:1]
            for images in x.split(IMAGES_AT_ONCE)
        ]
        return [torch.cat(layer) for layer in zip(*blocks, strict=True)]

    return [_covariance(one, other) > threshold for one, other in zip(means(), means(), strict=True)]


def _covariance(one: Tensor, other: Tensor) -> Tensor:
    if len(one) < 2:
        raise ValueError(f"a variance over images needs at least two of them, not {len(one)}")
    return ((one - one.mean(dim=0)) * (other - other.mean(dim=0))).sum(dim=0) / (len(one) - 1)
