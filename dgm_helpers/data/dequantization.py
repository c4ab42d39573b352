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
    """Add uniform noise to images with values 0, 1/(levels-1), …, 1, so that each value gets its own cell of [0, 1].

    The noise must be new in each pass over the data: call this in the training step, not on the data set.

    Raises:
        ValueError: if ``levels`` is less than 2, or a pixel is outside of [0, 1] (NaN passes).
    """
    if levels < 2:
        raise ValueError(f"levels must be at least 2, got {levels}")
    # NaN passes: the training loop reports it better, with the name of the term that is not finite.
    if bool(((images < 0) | (images > 1)).any()):
        low, high = float(images.min()), float(images.max())
        raise ValueError(
            f"pixels must be in [0, 1], got values from {low:g} to {high:g}: divide bytes by 255, or pass "
            "levels=None for other data"
        )
    device = drawing_device(generator, images.device)
    noise = torch.rand(images.shape, generator=generator, dtype=images.dtype, device=device).to(images.device)
    return (images * (levels - 1) + noise) / levels


def to_logits(
    x: Float[Tensor, "batch *shape"], alpha: float
) -> tuple[Float[Tensor, "batch *shape"], Float[Tensor, " batch"]]:
    r"""Return logit(p) of p = alpha + (1 - 2 alpha) x for x in [0, 1], and log|det| of each data point in nats.

    .. math:: \log|\det| = \sum_i \log(1-2\alpha) - \log p_i - \log(1-p_i)

    Dinh et al. (2017), section 4.1: flows act on the real line, but pixels are in [0, 1].
    """
    y = torch.logit(alpha + (1 - 2 * alpha) * x)
    # -log p - log(1-p), computed from the logit.
    terms = math.log1p(-2 * alpha) - F.logsigmoid(y) - F.logsigmoid(-y)
    return y, terms.flatten(1).sum(dim=1)


def from_logits(y: Float[Tensor, "batch *shape"], alpha: float) -> Float[Tensor, "batch *shape"]:
    """Return x, the inverse of :func:`to_logits`."""
    return (torch.sigmoid(y) - alpha) / (1 - 2 * alpha)
