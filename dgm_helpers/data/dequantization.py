"""From gray levels to real numbers and back: uniform noise fills each level's cell, a logit opens the interval."""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from dgm_helpers.runtime import drawing_device


def dequantize(
    images: Float[Tensor, "*shape"], levels: int = 256, generator: torch.Generator | None = None
) -> Float[Tensor, "*shape"]:
    """Add uniform noise to images with values 0, 1/(levels-1), …, 1, each value into a cell of its own of [0, 1].

    Fresh noise at each visit: it belongs into the training step, never into the data set.

    Raises:
        ValueError: if there are fewer than two levels, or a pixel is a number outside of [0, 1].
    """
    if levels < 2:
        raise ValueError(f"an image has at least two grey levels, not {levels}")
    # NaN is outside too, but the training loop reports it better: by the name of the term it spoils.
    if bool(((images < 0) | (images > 1)).any()):
        raise ValueError(
            "the pixels of an image lie in [0, 1]: divide bytes by 255, or say levels=None of other data"
        )
    device = drawing_device(generator, images.device)
    noise = torch.rand(images.shape, generator=generator, dtype=images.dtype, device=device).to(images.device)
    return (images * (levels - 1) + noise) / levels


def to_logits(
    x: Float[Tensor, "batch *shape"], alpha: float
) -> tuple[Float[Tensor, "batch *shape"], Float[Tensor, " batch"]]:
    r"""logit(p) of p = alpha + (1 - 2 alpha) x for x in [0, 1], and log|det| of each data point in nats.

    .. math:: \log|\det| = \sum_i \log(1-2\alpha) - \log p_i - \log(1-p_i)

    Dinh et al. (2017), section 4.1: flows act on the whole real line, pixels live in [0, 1].
    """
    y = torch.logit(alpha + (1 - 2 * alpha) * x)
    # -log p - log(1-p), from the logit itself.
    terms = math.log1p(-2 * alpha) - F.logsigmoid(y) - F.logsigmoid(-y)
    return y, terms.flatten(1).sum(dim=1)


def from_logits(y: Float[Tensor, "batch *shape"], alpha: float) -> Float[Tensor, "batch *shape"]:
    """The inverse of :func:`to_logits`."""
    return (torch.sigmoid(y) - alpha) / (1 - 2 * alpha)
