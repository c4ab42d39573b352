"""PixelCNN++ evaluated pixel by pixel: each resolution only when its own raster advances.

At half the resolution there is something new at every second pixel of every second row, at a quarter at every fourth.
P. Ramachandran et al., *Fast Generation for Convolutional Autoregressive Models*, 2017 (arXiv 1704.06001), describe
such caches. The stream of the rows above is evaluated once per row.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from dgm_helpers.layers.row_cache import RowCache
from dgm_helpers.layers.shifted_conv import ShiftedConv2d, with_ones
from dgm_helpers.objectives.discretized_logistic import Mixture


class PixelCNNPPCache:
    """A PixelCNN++ evaluated in raster order.

    Args:
        model: the :class:`~dgm_helpers.models.pixelcnn_pp.PixelCNNPP`.
        n: number of images drawn at the same time.
        label: class of each image, or None.
    """

    def __init__(self, model: nn.Module, n: int, label: Int[Tensor, "{n}"] | None = None) -> None:
        self.model, self.label = model, label
        width, like = model.image_shape[2], model.output.bias.detach()
        outer = [model.first_above, model.first_row_above, model.first_left, model.output]
        self.caches = {conv: RowCache(conv, n, width) for conv in outer}
        for scale in range(model.scales):
            for module in [*model.down[scale].modules(), *model.up[scale].modules()]:
                if isinstance(module, ShiftedConv2d):
                    self.caches[module] = RowCache(module, n, width >> scale)
        for scale, halves in enumerate(model.downsample):
            self.caches.update({conv: RowCache(conv, n, width >> scale, stride=2) for conv in halves})
        features = model.first_left.kernel().shape[0]
        self.zeros = like.new_zeros(n, features, width)
        self.row_above = self.zeros
        # For each scale: the row's features after every block on the way down and up, and for both streams two rows of
        # the upsampled features of the next lower resolution.
        self.down: list[list[Tensor]] = [[] for _ in range(model.scales)]
        self.up: list[list[Tensor]] = [[] for _ in range(model.scales)]
        self.doubled_above: list[Tensor | None] = [None] * (model.scales - 1)
        self.doubled_left = [
            like.new_zeros(n, features, 2, width >> scale) for scale in range(model.scales - 1)
        ]

    def __call__(self, x: Float[Tensor, "batch channels height width"], row: int, column: int) -> Mixture:
        """Return the mixture of one pixel of images that are drawn up to it."""
        model = self.model
        if column == 0:
            self._begin_row(x, row)
        left = self.row_above[:, :, column]
        if column > 0:
            left = left + self.caches[model.first_left].pixel(column - 1, with_ones(x[:, :, row, column - 1]))
        left = self._left(0, row, column, left)
        return model.read_mixture(left, lambda conv, v: self.caches[conv].pixel(column, v))

    def _begin_row(self, x: Tensor, row: int) -> None:
        """Evaluate everything that depends only on the rows above."""
        above = self.zeros
        if row > 0:
            drawn = with_ones(x[:, :, row - 1])
            self.caches[self.model.first_left].next_row()
            above = self.caches[self.model.first_above].row(drawn)
            self.row_above = self.caches[self.model.first_row_above].row(drawn)
        self._above(0, row, above)

    def _above(self, scale: int, row: int, x: Float[Tensor, "n features width"]) -> Tensor:
        """Return the stream of the rows above along one row, at one resolution, after all lower ones."""
        model = self.model
        features = [x]
        for block in model.down[scale]:
            features.append(block.above(features[-1], label=self.label, apply=self._row))
        self.down[scale] = list(features)
        if scale + 1 < model.scales:
            lower = self.caches[model.downsample[scale][0]].row(features[-1])
            if row % 2 == 0:
                lower = self._above(scale + 1, row // 2, lower)
                self.doubled_above[scale] = model.upsample[scale][0](lower[:, :, None])
            x = self.doubled_above[scale][:, :, row % 2]
        else:
            x = features.pop()
        self.up[scale] = []
        for block in model.up[scale]:
            x = block.above(x, features.pop(), label=self.label, apply=self._row)
            self.up[scale].append(x)
        return x

    def _left(self, scale: int, row: int, column: int, x: Float[Tensor, "n features"]) -> Tensor:
        """Return the other stream at one pixel, at one resolution, after all lower ones."""
        model, options = (
            self.model,
            {"label": self.label, "apply": lambda conv, v: self.caches[conv].pixel(column, v)},
        )
        if column == 0 and row > 0:
            self._next_row(scale)
        features = [x]
        for block, above in zip(model.down[scale], self.down[scale][1:], strict=True):
            features.append(block.left(features[-1], above[:, :, column], **options))
        if scale + 1 < model.scales:
            halve = self.caches[model.downsample[scale][1]]
            halve.write(column, features[-1])
            if row % 2 == column % 2 == 0:
                lower = self._left(scale + 1, row // 2, column // 2, halve.pixel(column, features[-1]))
                doubled = model.upsample[scale][1](lower[:, :, None, None])
                self.doubled_left[scale][..., column : column + 2] = doubled
            x = self.doubled_left[scale][:, :, row % 2, column]
        else:
            x = features.pop()
        for block, above in zip(model.up[scale], self.up[scale], strict=True):
            x = block.left(x, torch.cat([above[:, :, column], features.pop()], dim=1), **options)
        return x

    def _row(self, conv: nn.Module, values: Tensor) -> Tensor:
        return self.caches[conv].row(values)

    def _next_row(self, scale: int) -> None:
        """Begin a new row in the caches of the second stream at this resolution."""
        blocks = [block.left for blocks in (self.model.down[scale], self.model.up[scale]) for block in blocks]
        for module in (module for block in blocks for module in block.modules()):
            if module in self.caches:
                self.caches[module].next_row()
        if scale + 1 < self.model.scales:
            self.caches[self.model.downsample[scale][1]].next_row()
