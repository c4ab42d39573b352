"""Residual networks over the scales of an image: down to a small map, or up from it.

Blocks of K. He, X. Zhang, S. Ren and J. Sun, *Identity Mappings in Deep Residual Networks*, ECCV 2016 (arXiv
1603.05027), with ELUs, as in the PixelVAE authors' code: a stride of 2 on the way down; on the way up a
convolution to four times the features, which are then spread over 2×2 pixels (W. Shi et al., 2016, arXiv 1609.05158).
"""

from collections.abc import Sequence
from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn


class ResidualBlock(nn.Module):
    r"""Residual block with an ELU f before each of its two 3×3 convolutions, :math:`x + C_2 \, f(C_1 \, f(x))`.

    Args:
        in_channels: number of input features.
        out_channels: number of output features; if features or size change, a 1×1 convolution of x replaces x.
        resample: 2 to double height and width, -2 to halve them, 1 to keep them.
        batch_norm: whether the term added to x is normalized over the batch; its last convolution then has no bias.
    """

    def __init__(
        self, in_channels: int, out_channels: int, resample: int = 1, *, batch_norm: bool = False
    ) -> None:
        super().__init__()
        stride = 2 if resample == -2 else 1
        # The convolution that resamples: the first of the two on the way up, the second on the way down.
        between = in_channels if resample == -2 else out_channels
        first = _convolution(in_channels, between, 3, up=resample == 2)
        # Batch normalization subtracts the mean, and any bias with it.
        second = nn.Conv2d(between, out_channels, 3, stride, padding=1, bias=not batch_norm)
        norm = nn.BatchNorm2d(out_channels) if batch_norm else nn.Identity()
        self.branch = nn.Sequential(nn.ELU(), first, nn.ELU(), second, norm)
        same = resample == 1 and in_channels == out_channels
        self.shortcut = (
            nn.Identity() if same else _convolution(in_channels, out_channels, 1, stride, up=resample == 2)
        )

    def forward(self, x: Float[Tensor, "batch in height width"]) -> Float[Tensor, "batch out rows columns"]:
        """Return the block's output."""
        return self.shortcut(x) + self.branch(x)


def downward(channels: Sequence[int], blocks: Sequence[int], *, batch_norm: bool = False) -> nn.Sequential:
    """Return ``blocks[i]`` blocks at each scale i, the largest first, and between scales one that halves the sides."""
    layers = _blocks(channels[0], blocks[0], batch_norm)
    for (larger, smaller), count in zip(pairwise(channels), blocks[1:], strict=True):
        layers.append(ResidualBlock(larger, smaller, -2, batch_norm=batch_norm))
        layers += _blocks(smaller, count, batch_norm)
    return nn.Sequential(*layers)


def upward(channels: Sequence[int], blocks: Sequence[int], *, batch_norm: bool = False) -> nn.Sequential:
    """Return the mirror of :func:`downward`, with its arguments: from the smallest scale, the last, to the largest."""
    layers = _blocks(channels[-1], blocks[-1], batch_norm)
    for (smaller, larger), count in zip(pairwise(channels[::-1]), blocks[-2::-1], strict=True):
        layers.append(ResidualBlock(smaller, larger, 2, batch_norm=batch_norm))
        layers += _blocks(larger, count, batch_norm)
    return nn.Sequential(*layers)


def _blocks(channels: int, count: int, batch_norm: bool) -> list[nn.Module]:
    return [ResidualBlock(channels, channels, batch_norm=batch_norm) for _ in range(count)]


def _convolution(inputs: int, outputs: int, size: int, stride: int = 1, *, up: bool = False) -> nn.Module:
    if up:
        return nn.Sequential(nn.Conv2d(inputs, 4 * outputs, size, padding=size // 2), nn.PixelShuffle(2))
    return nn.Conv2d(inputs, outputs, size, stride, padding=size // 2)
