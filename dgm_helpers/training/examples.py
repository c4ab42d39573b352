"""Training data in memory: their order, and the batches made from them for a model's loss."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dgm_helpers.data.pixels import intensities
from dgm_helpers.models.protocol import Initializes
from dgm_helpers.runtime import generator


@dataclass(frozen=True)
class Examples:
    """Data points, which are converted only when their batch is made.

    Attributes:
        x: data, whose first axis is the data points; :func:`~dgm_helpers.data.intensities` turns them into a batch.
        labels: class of each data point, for a model whose loss takes it.
        transform: function applied to each batch with the generator of the noise, for binarization or dequantization.
        like: a parameter of the model; batches have its dtype and device.
    """

    x: Tensor
    labels: Tensor | None
    transform: Callable[[Tensor, torch.Generator], Tensor] | None
    like: Tensor

    def __len__(self) -> int:
        return len(self.x)

    def batch(self, index: Tensor, noise: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the transformed data points of an index, and their labels as keyword arguments, if there are any."""
        batch = intensities(self.x[index].to(self.like.device), self.like.dtype)
        batch = batch if self.transform is None else self.transform(batch, noise)
        return batch, {} if self.labels is None else {"label": self.labels[index].to(self.like.device)}

    def initialize(self, model: nn.Module, count: int, seed: int) -> None:
        """Let a model initialize itself with the first ``count`` data points of the first epoch, made into a batch.

        Raises:
            ValueError: if the model has no ``initialize``.
        """
        if not isinstance(model, Initializes):
            raise ValueError(
                f"{type(model).__name__} has no data-dependent initialization: omit `initialize`"
            )
        draws = generator(seed, self.like.device)  # its first order is the run's
        batch, condition = self.batch(next(Batches(len(self), count, draws)), draws)
        model.train()
        model.initialize(batch, **condition, generator=draws)


class Batches:
    """Endless iterator over the indices of batches: each epoch in a new order, without its last short batch.

    Args:
        size: number of data points.
        batch_size: number of data points per batch; all of them if there are fewer.
        draws: generator that draws the order.
    """

    def __init__(self, size: int, batch_size: int, draws: torch.Generator) -> None:
        self.size, self.batch_size, self.draws = size, min(batch_size, size), draws
        self.order: Tensor | None = None
        self.position = size

    def __iter__(self) -> Iterator[Tensor]:
        return self

    def __next__(self) -> Tensor:
        if self.position + self.batch_size > self.size:
            self.order = torch.randperm(self.size, generator=self.draws, device=self.draws.device)
            self.position = 0
        self.position += self.batch_size
        return self.order[self.position - self.batch_size : self.position]

    @property
    def per_epoch(self) -> int:
        """Number of batches per epoch."""
        return self.size // self.batch_size
