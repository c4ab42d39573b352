"""Distributions of a pixel with one of a few levels: a Bernoulli for two levels, a softmax for more.

Level k of K is stored in an image as k / (K - 1), so that images are in [0, 1] as everywhere in this package.
"""

import itertools
from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from dgm_helpers.objectives.distributions import bernoulli_log_prob
from dgm_helpers.runtime import drawing_device


def centered(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Map pixels to [-1, 1], as a network reads them, so that the zeros that pad an image are not black."""
    return 2 * x - 1


def levels_of(x: Float[Tensor, "*shape"], levels: int) -> Int[Tensor, "*shape"]:
    """Return the level number of each pixel, 0 for NaN.

    Raises:
        ValueError: if a pixel is neither NaN nor one of the levels.
    """
    scaled = x.float() * (levels - 1)
    index = scaled.round()
    # NaN passes: the training loop reports it better, with the name of the term that is not finite.
    wrong = ((scaled - index).abs() > 1e-3) | (index < 0) | (index >= levels)
    if bool(wrong.any()):
        raise ValueError(
            f"pixels must be k / {levels - 1} with k = 0 … {levels - 1} for {levels} levels, got "
            f"{float(x[wrong][0]):g}: binarize or round the images"
        )
    return index.nan_to_num(0).long()


def level_log_prob(
    x: Float[Tensor, "batch channels height width"],
    logits: Float[Tensor, "batch outputs channels height width"],
    levels: int,
) -> Float[Tensor, " batch"]:
    """Return the log-probability of images given the logits of each sub-pixel, in nats, in at least float32.

    The result is NaN for an image with NaN in it.

    Args:
        x: images whose values are levels.
        logits: one logit per sub-pixel for two levels, else one per sub-pixel and level.
        levels: number of levels K.

    Raises:
        ValueError: if a pixel is neither NaN nor one of the levels.
    """
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    index = levels_of(x, levels)
    if levels == 2:
        return bernoulli_log_prob(x.to(logits).flatten(1), logits.flatten(1))
    chosen = logits.log_softmax(dim=1).gather(1, index[:, None]).squeeze(1)
    return chosen.where(~x.isnan(), torch.nan).flatten(1).sum(dim=1)


def draw_level(
    logits: Float[Tensor, "batch outputs"], uniform: Float[Tensor, " batch"], levels: int
) -> Float[Tensor, " batch"]:
    """Turn a uniform number into a pixel with these logits, by the inverse of the cumulative distribution."""
    logits = logits.to(uniform)
    if levels == 2:
        return (uniform < logits[:, 0].sigmoid()).to(uniform)
    cumulative = logits.softmax(dim=1).cumsum(dim=1)
    # Rounding may leave the last sum below 1; a larger uniform number then selects the last level.
    index = (cumulative <= uniform[:, None]).sum(dim=1).clamp_max(levels - 1)
    return index.to(uniform) / (levels - 1)


def draw_in_raster_order(
    logits_at: Callable[[Tensor, int, int, int], Tensor],
    uniforms: Float[Tensor, "batch channels height width"],
    levels: int,
) -> Float[Tensor, "batch channels height width"]:
    """Draw images one sub-pixel after the other: row by row, pixel by pixel, channel by channel.

    Args:
        logits_at: function of the images so far, zero where nothing is drawn yet, and of channel, row and column,
            called in the order in which the sub-pixels are drawn; returns the sub-pixel's logits, ``[batch, outputs]``.
        uniforms: a number in [0, 1) for each sub-pixel. Together with the logits they determine the images.
        levels: number of levels K.
    """
    x = torch.zeros_like(uniforms)
    _, channels, height, width = x.shape
    for row, column, channel in itertools.product(range(height), range(width), range(channels)):
        here = (..., channel, row, column)
        x[here] = draw_level(logits_at(x, channel, row, column), uniforms[here], levels)
    return x


def draw_uniforms(
    shape: tuple[int, ...], like: Tensor, generator: torch.Generator | None = None
) -> Float[Tensor, "*shape"]:
    """Draw uniform numbers in [0, 1) on the generator's device, and return them with dtype and device of ``like``."""
    device = drawing_device(generator, like.device)
    return torch.rand(shape, generator=generator, dtype=like.dtype, device=device).to(like.device)
