"""A Gated PixelCNN evaluated pixel by pixel: the vertical stack once a row, the horizontal one once a pixel.

What the rows above, the condition and the biases add to a layer's gates is known when a row begins. What is left for
a pixel is, in each layer, a product with the few pixels to its left, the gate, and a product with what comes out of it;
the skip connections of all layers are one product at the end. These are small, so what costs time is the number of
operations: tensors are written to where the next one reads, and every slice of them is taken once, at the start.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dgm_helpers.layers.masked_conv import HorizontalConv2d, VerticalConv2d
from dgm_helpers.layers.row_cache import RowCache
from dgm_helpers.objectives.pixel_levels import centered


class GatedPixelCNNCache:
    """A Gated PixelCNN evaluated in raster order.

    Args:
        model: the :class:`~dgm_helpers.models.gated_pixelcnn.GatedPixelCNN`.
        n: images drawn at the same time.
        conditions: what enters each layer's gates.
    """

    def __init__(self, model: nn.Module, n: int, conditions: list[Tensor | None]) -> None:
        self.model, self.conditions = model, conditions
        width = model.image_shape[2]
        vertical = [module for module in model.modules() if isinstance(module, VerticalConv2d)]
        self.above = {conv: RowCache(conv, n, width) for conv in vertical}
        self.image = RowOfPixels(model.first_horizontal, n, width)
        self.rows = [RowOfPixels(layer.horizontal, n, width) for layer in model.layers]
        # Each layer's gated features and a one, which turns a bias into a row of the matrix.
        like = model.output.bias.detach()
        features = model.head.weight.shape[1]
        self.all_gated = like.new_ones(n, len(model.layers) * (features + 1))
        self.gated = self.all_gated.split(features + 1, dim=1)
        self.gates = like.new_empty(n, 2 * features)
        self.halves = self.gates.chunk(2, dim=1)
        self.products = [gated[:, :features] for gated in self.gated]
        out = [
            torch.cat([matrix, bias[None]]) for matrix, bias in map(product, (la.out for la in model.layers))
        ]
        self.residual = [matrix[:, :features].contiguous() for matrix in out]
        self.skip = torch.cat([matrix[:, features:] for matrix in out])
        self.head, self.output = product(model.head), product(model.output)
        # Of each layer: what enters the gates of the row's pixels, whatever will be drawn in it.
        self.given: list[tuple[Tensor, ...]] = []

    def __call__(
        self, x: Float[Tensor, "batch channels height width"], channel: int, row: int, column: int
    ) -> Float[Tensor, "batch outputs"]:
        """Logits of one sub-pixel of images that are drawn up to it."""
        if channel == 0 and column == 0:
            self._begin_row(x, row)
        elif channel == 0:
            # The pixel before was not complete when the first convolution read it.
            self.image.pixels[column - 1].copy_(centered(x[:, :, row, column - 1]))
        self.image.pixels[column].copy_(centered(x[:, :, row, column]))
        features = torch.addmm(self.image.bias, self.image.windows[column], self.image.matrix)
        f, g = self.halves
        for i, line in enumerate(self.rows):
            line.pixels[column].copy_(features)
            torch.addmm(self.given[i][column], line.windows[column], line.matrix, out=self.gates)
            torch.mul(f.tanh_(), g.sigmoid_(), out=self.products[i])
            features.addmm_(self.gated[i], self.residual[i])
        skips = self.all_gated.mm(self.skip).relu_()
        (head, head_bias), (output, output_bias) = self.head, self.output
        logits = torch.addmm(output_bias, torch.addmm(head_bias, skips, head).relu_(), output)
        return logits[:, channel :: x.shape[1]]

    def _begin_row(self, x: Float[Tensor, "batch channels height width"], row: int) -> None:
        above = centered(x[:, :, row - 1]) if row else torch.zeros_like(x[:, :, 0])
        conditions = [c if c is None or c.ndim == 2 else c[:, :, row] for c in self.conditions]
        links = self.model.above(above, conditions, lambda conv, values: self.above[conv].row(values))
        self.given = []
        for line, link, condition in zip(self.rows, links, conditions, strict=True):
            given = link + line.bias[:, None]
            if condition is not None:
                given = given + condition.reshape(*condition.shape[:2], -1)
            self.given.append(given.permute(2, 0, 1).contiguous().unbind())


class RowOfPixels:
    """What a 1 x n convolution reads of one row, the features of each pixel side by side: a window is a slice.

    Nothing is forgotten at the end of a row: a pixel reads what was written before it in its own row, or the padding.

    Args:
        conv: the convolution.
        n: images drawn at the same time.
        width: pixels of a row.

    Attributes:
        pixels: each pixel's features, to be written.
        windows: what the kernel covers when it stands on each pixel.
        matrix: the kernel; a product of a window with it is the convolution.
        bias: of the convolution.
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
    """Matrix and bias of a 1 x 1 convolution."""
    return conv.kernel().detach().flatten(1).T.contiguous(), conv.bias.detach()
