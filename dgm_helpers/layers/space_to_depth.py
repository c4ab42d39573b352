"""Lossless down-sampling: the pixels of a block become channels of one position."""

from einops import rearrange
from jaxtyping import Shaped
from torch import Tensor


def space_to_depth(
    x: Shaped[Tensor, "batch channels height width"], block: int = 2
) -> Shaped[Tensor, "batch more less_high less_wide"]:
    """Move each ``block`` × ``block`` square of pixels into channels: a permutation, so log|det| is 0.

    Real NVP calls it squeezing (Dinh et al. 2017, section 3.6), i-RevNet invertible down-sampling (Jacobsen et al.
    2018, section 3.1). The row and the column within the block are the slowest channel axes, so that for blocks of two
    the first half of the channels contains the upper rows of all blocks.

    Raises:
        ValueError: if ``block`` is less than 1 or does not divide height and width.
    """
    height, width = x.shape[-2:]
    if block < 1 or height % block or width % block:
        raise ValueError(f"block must divide height and width, {height} and {width}, got {block}")
    return rearrange(x, "b c (h p) (w q) -> b (p q c) h w", p=block, q=block)


def depth_to_space(
    x: Shaped[Tensor, "batch channels height width"], block: int = 2
) -> Shaped[Tensor, "batch fewer higher wider"]:
    """Move channels back into squares of pixels, the inverse of :func:`space_to_depth`.

    Raises:
        ValueError: if ``block`` is less than 1, or the number of channels is not a multiple of ``block`` squared.
    """
    channels = x.shape[1]
    if block < 1 or channels % block**2:
        raise ValueError(
            f"the number of channels must be a multiple of {block}×{block}, the pixels of a block, got {channels}"
        )
    return rearrange(x, "b (p q c) h w -> b c (h p) (w q)", p=block, q=block)
