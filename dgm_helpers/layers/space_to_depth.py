"""Down-sampling that loses nothing: pixels of a block become channels of one position."""

from einops import rearrange
from jaxtyping import Shaped
from torch import Tensor


def space_to_depth(
    x: Shaped[Tensor, "batch channels height width"], block: int = 2
) -> Shaped[Tensor, "batch more less_high less_wide"]:
    """Move each ``block`` × ``block`` square of pixels into channels: a permutation, so log|det| is 0.

    Real NVP calls it squeezing (Dinh et al. 2017, section 3.6), i-RevNet invertible down-sampling (Jacobsen et al.
    2018, section 3.1). The row and the column within the block are the slowest channel axes, so that the first
    half of the channels holds the upper rows of all blocks of two.

    Raises:
        ValueError: if ``block`` does not divide height and width.
    """
    height, width = x.shape[-2:]
    if block < 1 or height % block or width % block:
        raise ValueError(f"blocks of {block} do not tile an image of {height} by {width} pixels")
    return rearrange(x, "b c (h p) (w q) -> b (p q c) h w", p=block, q=block)


def depth_to_space(
    x: Shaped[Tensor, "batch channels height width"], block: int = 2
) -> Shaped[Tensor, "batch fewer higher wider"]:
    """The inverse of :func:`space_to_depth`.

    Raises:
        ValueError: if the number of channels is no multiple of ``block`` squared.
    """
    channels = x.shape[1]
    if block < 1 or channels % block**2:
        raise ValueError(f"{channels} channels do not fill blocks of {block} by {block} pixels")
    return rearrange(x, "b (p q c) h w -> b c (h p) (w q)", p=block, q=block)
