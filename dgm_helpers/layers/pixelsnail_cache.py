"""PixelSNAIL evaluated pixel by pixel: its convolutions cache rows, its attention caches keys and values."""

import math
from functools import partial

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from dgm_helpers.layers.row_cache import RowCache
from dgm_helpers.layers.shifted_conv import ShiftedConv2d, with_ones
from dgm_helpers.layers.snail_block import positions
from dgm_helpers.objectives.discretized_logistic import Mixture


class PixelSNAILCache:
    """A PixelSNAIL evaluated in raster order.

    Args:
        model: the :class:`~dgm_helpers.models.pixelsnail.PixelSNAIL`.
        n: number of images drawn at the same time.
        label: class of each image, or None.
    """

    def __init__(self, model: nn.Module, n: int, label: Int[Tensor, "{n}"] | None = None) -> None:
        self.model, self.label, (_, height, width) = model, label, model.image_shape
        convolutions = [module for module in model.modules() if isinstance(module, ShiftedConv2d)]
        self.caches = {conv: RowCache(conv, n, width) for conv in convolutions}
        like = model.output.bias.detach()
        self.position = positions(like.expand(n, 1, height, width, -1)[..., 0], height)
        self.above = like.new_zeros(n, model.first_left.kernel().shape[0], width)
        self.memory = [
            [like.new_zeros(n, height * width, size) for size in block.sizes] for block in model.blocks
        ]
        self.features: list[Tensor] = []

    def __call__(self, x: Float[Tensor, "batch channels height width"], row: int, column: int) -> Mixture:
        """Return the mixture of one pixel of images that are drawn up to it."""
        model, width, time = self.model, x.shape[3], row * x.shape[3] + column
        apply = partial(self._apply, column)
        if time > 0:
            self._remember(x, *divmod(time - 1, width))
        if column == 0 and row > 0:
            for cache in self.caches.values():
                cache.next_row()
            self.above = self.caches[model.first_row_above].row(with_ones(x[:, :, row - 1]))
        features = self.above[:, :, column]
        if column > 0:
            features = features + self.caches[model.first_left].pixel(
                column - 1, with_ones(x[:, :, row, column - 1])
            )
        self.features = []
        for block, (keys, values) in zip(model.blocks, self.memory, strict=True):
            for residual in block.residuals:
                features = residual(features, label=self.label, apply=apply)
            self.features.append(features)
            query = block.ask(features, self.position[:, :, row, column], apply=apply)
            attended = attend(query, keys[:, :time], values[:, :time])
            features = block.merge(features, attended, apply=apply)
        return model.read_mixture(features, apply)

    def _remember(self, x: Tensor, row: int, column: int) -> None:
        """Store key and value of a pixel, which can be computed once it has been drawn."""
        apply = partial(self._apply, column)
        time, position = row * x.shape[3] + column, self.position[:, :, row, column]
        for block, features, (keys, values) in zip(
            self.model.blocks, self.features, self.memory, strict=True
        ):
            keys[:, time], values[:, time] = block.offer(
                x[:, :, row, column], features, position, apply=apply
            )

    def _apply(self, column: int, conv: nn.Module, values: Tensor) -> Tensor:
        return self.caches[conv].pixel(column, values)


def attend(
    query: Float[Tensor, "batch key"],
    keys: Float[Tensor, "batch positions key"],
    values: Float[Tensor, "batch positions value"],
) -> Float[Tensor, "batch value"]:
    """Return the attention of one query to all given keys; zeros if there are none."""
    scores = torch.einsum("bk,bpk->bp", query, keys) / math.sqrt(query.shape[1])
    return torch.einsum("bp,bpv->bv", scores.softmax(dim=1), values)
