"""Data in memory, their order in training, and how a batch for a model's loss is made of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dgm_helpers.data.pixels import intensities
from dgm_helpers.models.protocol import Initializes
from dgm_helpers.runtime import generator


@dataclass(frozen=True)
class Examples:
    """Data points that stay as they are stored until their batch is made.

    Attributes:
        x: data, first axis the data points; what :func:`~dgm_helpers.data.intensities` makes of them is the batch.
        labels: class of each data point, for a model whose loss takes it.
        transform: applied to each batch, with the generator of the noise; for binarization or dequantisation.
        like: a parameter of the model: batches come in its dtype, on its device.
    """

    x: Tensor
    labels: Tensor | None
    transform: Callable[[Tensor, torch.Generator], Tensor] | None
    like: Tensor

    def __len__(self) -> int:
        return len(self.x)

    def batch(self, index: Tensor, noise: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        """The data points of an index, transformed, and the condition: their labels, where there are any."""
        batch = intensities(self.x[index].to(self.like.device), self.like.dtype)
        batch = batch if self.transform is None else self.transform(batch, noise)
        return batch, {} if self.labels is None else {"label": self.labels[index].to(self.like.device)}

    def initialize(self, model: nn.Module, count: int, seed: int) -> None:
        """Let a model initialize itself by the first data points of the first epoch, made into a batch as in training.

        Raises:
            ValueError: if the model cannot.
        """
        if not isinstance(model, Initializes):
            raise ValueError(
                f"{type(model).__name__} has no data-dependent initialization: omit `initialize`"
            )
        draws = generator(seed, self.like.device)  # its first order is that of the run
        batch, condition = self.batch(next(Batches(len(self), count, draws)), draws)
        model.train()
        model.initialize(batch, **condition, generator=draws)


class Batches:
    """Indices of one batch after another, for ever: each epoch in a new order, its last short batch left out.

    Args:
        size: number of data points.
        batch_size: of which so many make a batch; all of them if there are fewer.
        draws: the generator of the order.
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
        """Number of batches of an epoch."""
        return self.size // self.batch_size
