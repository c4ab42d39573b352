"""Averages of the terms of a model's loss over data that it was not trained on."""

import inspect
from collections.abc import Callable

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor, nn

from dgm_helpers.models.protocol import HasConfig
from dgm_helpers.runtime import DEFAULT_SEED, evaluation_mode, generator
from dgm_helpers.training.examples import Examples


@torch.no_grad()
def evaluate(
    model: nn.Module,
    x: Float[Tensor, "n *shape"] | UInt8[Tensor, "n *shape"],
    labels: Int[Tensor, " n"] | None = None,
    *,
    transform: Callable[[Tensor, torch.Generator], Tensor] | None = None,
    batch_size: int = 100,
    seed: int = DEFAULT_SEED,
) -> dict[str, float]:
    """Return the mean of each term of ``model.loss`` over data, in evaluation mode.

    Args:
        model: the model, on the device to compute on.
        x: data, whose first axis is the data points; bytes are intensities, as in training.
        labels: class of each data point, which the loss gets if the model takes labels.
        transform: function applied to each batch, as in training.
        batch_size: number of data points per batch.
        seed: seed of the noise of transform and loss.

    Raises:
        ValueError: if there are no data, or no labels for a model that takes them.
    """
    if len(x) == 0:
        raise ValueError("x must have at least 1 data point, got 0")
    if takes_labels(model) and labels is None:
        raise ValueError(f"labels must be the class of each data point for {type(model).__name__}, got None")
    examples = Examples(x, labels if takes_labels(model) else None, transform, next(model.parameters()))
    draws, sums = generator(seed, examples.like.device), {}
    with evaluation_mode(model):
        for rows in torch.arange(len(x)).split(batch_size):
            batch, condition = examples.batch(rows, draws)
            for name, value in model.loss(batch, **condition, generator=draws).items():
                sums[name] = sums.get(name, 0.0) + float(value) * len(rows)
    return {name: total / len(x) for name, total in sums.items()}


def takes_labels(model: nn.Module) -> bool:
    """Return whether the ``loss`` needs each data point's class, as for a classifier or a conditional model."""
    classes = model.config.get("classes", 0) if isinstance(model, HasConfig) else 0
    return bool(classes) and "label" in inspect.signature(model.loss).parameters
