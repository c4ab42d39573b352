r"""Bits per dimension: the length of a code for discrete images, from a density of the dequantized ones.

Theis, van den Oord and Bethge, *A note on the evaluation of generative models*, ICLR 2016 (arXiv 1511.01844), section
3.1: an image of D numbers with L gray levels has a cell of volume :math:`L^{-D}`. With u uniform on the cell, Jensen's
inequality gives

.. math:: \log P(\text{image}) = \log\left( L^{-D} E_u\, p(x + u) \right) \ge E_u \log p(x + u) - D\log L,

so the log-density, averaged over the noise, is up to the constant a lower bound on the log-probability of the discrete
image.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from dgm_helpers.data.dequantization import dequantize
from dgm_helpers.models.normalizing_flow import NormalizingFlow


def bits_per_dim(
    log_prob: Float[Tensor, "*batch"], dimensions: int, levels: int = 256
) -> Float[Tensor, "*batch"]:
    r"""Return the bits that a code of the discrete image spends per dimension.

    .. math:: \log_2 L - \log p(x) / (D \log 2)

    Args:
        log_prob: log-density of the dequantized image, in nats.
        dimensions: number D of pixels times channels.
        levels: number L of gray levels per unit of x: 256 for bytes scaled to [0, 1], 128 for [-1, 1]. With 1,
            ``log_prob`` is the log-probability of the discrete image.
    """
    return math.log2(levels) - log_prob / (dimensions * math.log(2))


def bits_per_dim_of_images(
    flow: NormalizingFlow, images: Float[Tensor, "batch *pixels"], generator: torch.Generator | None = None
) -> Float[Tensor, " batch"]:
    """Estimate, with one draw of noise, an upper bound on the bits per dimension of discrete images under a flow.

    Raises:
        ValueError: if the flow's data have no gray levels.
    """
    if flow.levels is None:
        raise ValueError("bits per dimension need discrete images, but this flow has levels=None")
    log_prob = flow.log_prob(dequantize(images, flow.levels, generator))
    return bits_per_dim(log_prob, images.shape[1:].numel(), flow.levels)
