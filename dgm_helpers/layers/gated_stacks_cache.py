"""Gated stacks evaluated pixel by pixel: the vertical stack once per row, the horizontal one once per pixel.

The contributions of the rows above, the condition and the biases to a layer's gates are known when a row begins. For
each pixel there remain, in each layer, a product with the few pixels to its left, the gate, and a product with the
gate's output; the skip connections of all layers are one product at the end. These products are small, so the time
depends on the number of operations: each result is written to where the next operation reads it, and every slice is
taken only once, at the start.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dgm_helpers.layers.gated_stacks import Conditions, GatedStacks
from dgm_helpers.layers.masked_conv import HorizontalConv2d, VerticalConv2d
from dgm_helpers.layers.row_cache import RowCache


class GatedStacksCache:
    """Gated stacks evaluated in raster order.

    Args:
        stacks: the gated stacks.
        n: number of images, or maps, drawn at the same time.
        width: number of pixels in a row.
        conditions: the term of the condition in each layer's gates.
        read: function from pixels to the input of the stacks (default: the identity).
    """

    def __init__(
        self,
        stacks: GatedStacks,
        n: int,
        width: int,
        conditions: Conditions,
        read: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        self.stacks, self.conditions, self.read = stacks, conditions, read or nn.Identity()
        vertical = [module for module in stacks.modules() if isinstance(module, VerticalConv2d)]
        self.above = {conv: RowCache(conv, n, width) for conv in vertical}
        self.image = RowOfPixels(stacks.first_horizontal, n, width)
        self.rows = [RowOfPixels(layer.horizontal, n, width) for layer in stacks.layers]
        # Each layer's gated features and a one, which turns a bias into a row of the matrix.
        like = stacks.output.bias.detach()
        features = stacks.head.weight.shape[1]
        self.all_gated = like.new_ones(n, len(stacks.layers) * (features + 1))
        self.gated = self.all_gated.split(features + 1, dim=1)
        self.gates = like.new_empty(n, 2 * features)
        self.halves = self.gates.chunk(2, dim=1)
        self.products = [gated[:, :features] for gated in self.gated]
        out = [
            torch.cat([matrix, bias[None]]) for matrix, bias in map(product, (la.out for la in stacks.layers))
        ]
        self.residual = [matrix[:, :features].contiguous() for matrix in out]
        self.skip = torch.cat([matrix[:, features:] for matrix in out])
        self.head, self.output = product(stacks.head), product(stacks.output)
        # For each layer: the part of the gates of a row's pixels that does not depend on the row itself.
        self.given: list[tuple[Tensor, ...]] = []

    def __call__(
        self, x: Float[Tensor, "batch channels height width"], row: int, column: int, *, again: bool = False
    ) -> Float[Tensor, "batch outputs"]:
        """Return the outputs at one pixel of images that are drawn up to it.

        Pixels must come in raster order, each at least once; ``again`` marks a repeated pixel, of which more channels
        have been drawn. Autocast is disabled: tensors written in place keep their precision, and products this small
        gain nothing.
        """
        with torch.autocast(x.device.type, enabled=False):
            return self._outputs(x, row, column, again)

    def _outputs(self, x: Tensor, row: int, column: int, again: bool) -> Float[Tensor, "batch outputs"]:
        if column == 0 and not again:
            self._begin_row(x, row)
        elif not again:
            # The pixel before was not complete when the first convolution read it.
            self.image.pixels[column - 1].copy_(self.read(x[:, :, row, column - 1]))
        self.image.pixels[column].copy_(self.read(x[:, :, row, column]))
        features = torch.addmm(self.image.bias, self.image.windows[column], self.image.matrix)
        f, g = self.halves
        for i, line in enumerate(self.rows):
            line.pixels[column].copy_(features)
            torch.addmm(self.given[i][column], line.windows[column], line.matrix, out=self.gates)
            torch.mul(f.tanh_(), g.sigmoid_(), out=self.products[i])
            features.addmm_(self.gated[i], self.residual[i])
        skips = self.all_gated.mm(self.skip).relu_()
        (head, head_bias), (output, output_bias) = self.head, self.output
        return torch.addmm(output_bias, torch.addmm(head_bias, skips, head).relu_(), output)

    def _begin_row(self, x: Float[Tensor, "batch channels height width"], row: int) -> None:
        above = self.read(x[:, :, row - 1]) if row else torch.zeros_like(x[:, :, 0])
        conditions = [c if c is None or c.ndim == 2 else c[:, :, row] for c in self.conditions]
        links = self.stacks.above(above, conditions, lambda conv, values: self.above[conv].row(values))
        self.given = []
        for line, link, condition in zip(self.rows, links, conditions, strict=True):
            given = link + line.bias[:, None]
            if condition is not None:
                given = given + (condition[:, :, None] if condition.ndim == 2 else condition)
            self.given.append(given.permute(2, 0, 1).contiguous().unbind())


class RowOfPixels:
    """The row that a 1×n convolution reads, with the features of its pixels side by side, so that a window is a slice.

    It is not cleared between rows: a pixel reads only pixels that are already written in its own row, or the padding.

    Args:
        conv: the convolution.
        n: number of images drawn at the same time.
        width: number of pixels in a row.

    Attributes:
        pixels: views of each pixel's features, through which they are written.
        windows: the part of the row under the kernel at each pixel.
        matrix: the kernel; a product of a window with it is the convolution.
        bias: the convolution's bias.
    """

    def __init__(self, conv: HorizontalConv2d, n: int, width: int) -> None:
        kernel = conv.kernel().detach().squeeze(2)
        outputs, features, reach = kernel.shape
        self.matrix = kernel.permute(2, 1, 0).reshape(reach * features, outputs).contiguous()
        self.bias = conv.bias.detach()
        row = kernel.new_zeros(n, (reach - 1 + width) * features)
        self.pixels = row[:, (reach - 1) * features :].split(features, dim=1)
        self.windows = row.unfold(1, reach * features, features).unbind(1)


def product(conv: HorizontalConv2d) -> tuple[Float[Tensor, "in out"], Float[Tensor, " out"]]:
    """Return matrix and bias of a 1×1 convolution."""
    return conv.kernel().detach().flatten(1).T.contiguous(), conv.bias.detach()
