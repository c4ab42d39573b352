"""A masked network of images evaluated at one pixel after another, as they are drawn."""

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor, nn

from dgm_helpers.layers.masked_conv import MaskedConv2d
from dgm_helpers.layers.row_cache import Apply, RowCache
from dgm_helpers.objectives.pixel_levels import centered


class RasterCache:
    """Logits of one sub-pixel after another, in raster order, each at the cost of a pixel.

    Args:
        network: its masked convolutions remember their rows.
        first: the one of them that reads the image.
        n: images drawn at the same time.
        width: pixels of a row.
        evaluate: the network at one pixel, a function of its values in [-1, 1], of how to apply a convolution there, of
            the row and of the column; returns ``[batch, outputs, channels]``.
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
        """Logits of one sub-pixel of images that are drawn up to it."""
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
