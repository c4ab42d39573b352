r"""Active units: the latents whose mean under q(z|x) differs from image to image.

Burda, Grosse and Salakhutdinov (2016), section 5: the activity of unit u is
:math:`A_u = \mathrm{Var}_x(E_{q(z|x)}[z_u])`, and it is active if :math:`A_u > 10^{-2}`. A unit that the decoder
ignores keeps the prior's mean for all images. The count depends on the images that x runs over: report both.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from dgm_helpers.models.protocol import Encodes, HasLayerMeans
from dgm_helpers.runtime import evaluation_mode

THRESHOLD = 1e-2
IMAGES_AT_ONCE = 50


def unit_activity(means: Float[Tensor, "n latent"]) -> Float[Tensor, " latent"]:
    r"""Return the variance over the images of each unit's mean, :math:`A_u`, from the encoder's means ``[n, latent]``.

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
    r"""Return which units of each stochastic layer are active over all images of ``x``.

    The means of layers above the first are estimated (``model.layer_means``). Their noise would count as variance over
    the images, so :math:`A_u` is the covariance of two independent estimates, which is right on average.

    Args:
        model: a model with ``layer_means(x, samples, generator)``, which returns a list of the layers' means, or with
            ``encode(x)``, which returns mean and log standard deviation of the only layer. It is put into evaluation
            mode during the call.
        x: at least two images.
        generator: random generator of the samples.
        threshold: the activity above which a unit is active.
        samples: number of samples for each estimate of a mean.

    Returns:
        One mask for each layer, from the image upwards.

    Raises:
        ValueError: if there are fewer than two images.
        TypeError: if the model has neither method, or its ``encode`` does not return a pair of tensors.
    """
    parameter = next(model.parameters())

    def means() -> list[Tensor]:
        blocks = [
            _layer_means(model, images.to(parameter), samples, generator)
            for images in x.split(IMAGES_AT_ONCE)
        ]
        return [torch.cat(layer) for layer in zip(*blocks, strict=True)]

    with evaluation_mode(model):
        return [_covariance(one, other) > threshold for one, other in zip(means(), means(), strict=True)]


def _layer_means(
    model: nn.Module, x: Tensor, samples: int, generator: torch.Generator | None
) -> Sequence[Tensor]:
    if isinstance(model, HasLayerMeans):
        return model.layer_means(x, samples, generator)
    code = model.encode(x) if isinstance(model, Encodes) else None
    if not (isinstance(code, tuple) and isinstance(code[0], Tensor)):
        raise TypeError(
            "model must have layer_means(x, samples, generator), or an encode(x) that returns mean and log standard "
            f"deviation of a Gaussian, got {type(model).__name__}"
        )
    return code[:1]


def _covariance(one: Tensor, other: Tensor) -> Tensor:
    if len(one) < 2:
        raise ValueError(f"x must contain at least two images to have a variance, got {len(one)}")
    return ((one - one.mean(dim=0)) * (other - other.mean(dim=0))).sum(dim=0) / (len(one) - 1)
