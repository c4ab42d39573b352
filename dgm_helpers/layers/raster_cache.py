"""Masked convolutional networks evaluated pixel by pixel, while images are drawn."""

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor, nn

from dgm_helpers.layers.masked_conv import MaskedConv2d
from dgm_helpers.layers.row_cache import Apply, RowCache
from dgm_helpers.objectives.pixel_levels import centered


class RasterCache:
    """Logits of one sub-pixel after another, in raster order, each at the cost of one pixel.

    Args:
        network: the network, whose masked convolutions get a cache of rows each.
        first: its masked convolution that reads the image.
        n: number of images drawn at the same time.
        width: number of pixels in a row.
        evaluate: function that evaluates the network at one pixel: of the pixel's values in [-1, 1], a function that
            applies a convolution there, the row and the column; returns ``[batch, outputs, channels]``.
    """

    def __init__(
        self,
        network: nn.Module,
        first: MaskedConv2d,
        n: int,
        width: int,
        evaluate: Callable[[Tensor, Apply, int, int], Tensor],
    ) -> None:
        self.first, self.width, self.evaluate = first, width, evaluate
        masked = [module for module in network.modules() if isinstance(module, MaskedConv2d)]
        self.caches = {conv: RowCache(conv, n, width) for conv in masked}

    def __call__(
        self, x: Float[Tensor, "batch channels height width"], channel: int, row: int, column: int
    ) -> Float[Tensor, "batch outputs"]:
        """Return the logits of one sub-pixel of images that are drawn up to it."""
        before = row * self.width + column - 1
        if channel == 0 and before >= 0:
            # The pixel before was not complete when the first convolution read it.
            last_row, last_column = divmod(before, self.width)
            self.caches[self.first].write(last_column, centered(x[:, :, last_row, last_column]))
            if column == 0:
                for cache in self.caches.values():
                    cache.next_row()
        logits = self.evaluate(
            centered(x[:, :, row, column]),
            lambda conv, values: self.caches[conv].pixel(column, values),
            row,
            column,
        )
        return logits[:, :, channel]
