"""The rows that a convolution must remember while an image is drawn pixel by pixel.

An image is drawn in raster order, and a causal convolution reads a few rows of its input. With these rows stored, its
output at one more pixel is one product of a matrix and a vector, while evaluating the whole image again costs as much
as all its pixels together. This makes sampling from an autoregressive model affordable; the results agree up to
rounding.

A cache is used without gradients, by a model whose parameters do not change meanwhile: it copies the kernel.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

# How a network evaluates its convolutions: on whole images, or at one pixel with a cache.
Apply = Callable[[nn.Module, Tensor], Tensor]


def convolve(conv: nn.Module, x: Tensor) -> Tensor:
    """Evaluate a convolution on its whole input."""
    return conv(x)


class RowCache:
    """The rows of its input that a causal convolution still needs, padded at the sides.

    Args:
        conv: a causal convolution, with ``kernel()``, ``bias`` and ``padding``: left, right, top, bottom.
        n: number of images drawn at the same time.
        width: number of pixels in a row.
        stride: the convolution's stride along a row.
    """

    def __init__(self, conv: nn.Module, n: int, width: int, stride: int = 1) -> None:
        kernel, (left, right, _, _) = conv.kernel().detach(), conv.padding
        self.left, self.stride, self.kernel, self.bias = left, stride, kernel, conv.bias.detach()
        self.matrix = kernel.flatten(1).T.contiguous()
        self.rows = kernel.new_zeros(n, kernel.shape[1], kernel.shape[2], width + left + right)

    def next_row(self) -> None:
        """Forget the oldest row and begin an empty one."""
        self.rows = F.pad(self.rows[:, :, 1:], (0, 0, 0, 1))

    def row(self, values: Float[Tensor, "n in width"]) -> Float[Tensor, "n out columns"]:
        """Append a whole row of the input; return the output along it."""
        self.next_row()
        self.rows[:, :, -1, self.left : self.left + values.shape[2]] = values
        return F.conv2d(self.rows, self.kernel, self.bias, stride=(1, self.stride)).squeeze(2)

    def write(self, column: int, values: Float[Tensor, "n in"]) -> None:
        """Write one pixel of the current row."""
        self.rows[:, :, -1, column + self.left] = values

    def pixel(self, column: int, values: Float[Tensor, "n in"]) -> Float[Tensor, "n out"]:
        """Write one pixel of the current row; return the output at it."""
        if self.kernel.shape[2:] == (1, 1):  # it reads only this pixel, so nothing must be kept
            return torch.addmm(self.bias, values, self.matrix)
        self.write(column, values)
        window = self.rows[..., column : column + self.kernel.shape[3]]
        return torch.addmm(self.bias, window.flatten(1), self.matrix)
