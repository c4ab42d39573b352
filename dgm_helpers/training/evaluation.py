"""What a model reaches on data it was not trained on, by its own loss."""

import inspect
from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from dgm_helpers.runtime import DEFAULT_SEED, generator


@torch.no_grad()
def evaluate(
    model: nn.Module,
    x: Float[Tensor, "n *shape"],
    labels: Int[Tensor, " n"] | None = None,
    *,
    transform: Callable[[Tensor, torch.Generator], Tensor] | None = None,
    batch_size: int = 100,
    seed: int = DEFAULT_SEED,
) -> dict[str, float]:
    """The mean of each term of ``model.loss`` over data, in evaluation mode; the mode is put back.

    Args:
        model: on its device.
        x: data, first axis the data points.
        labels: of the data points; handed over if the model takes them.
        transform: applied to each batch, as in training.
        batch_size: data points at a time.
        seed: of the transform's and the loss's noise.

    Raises:
        ValueError: if there are no data.
    """
    if len(x) == 0:
        raise ValueError("nothing to evaluate on: no data points")
    parameter = next(model.parameters())
    draws, sums, mode = generator(seed, parameter.device), {}, model.training
    model.eval()
    for rows in torch.arange(len(x)).split(batch_size):
        batch = x[rows].to(parameter)
        batch = batch if transform is None else transform(batch, draws)
        condition = {"label": labels[rows].to(parameter.device)} if takes_labels(model) else {}
        for name, value in model.loss(batch, **condition, generator=draws).items():
            sums[name] = sums.get(name, 0.0) + float(value) * len(rows)
    model.train(mode)
    return {name: total / len(x) for name, total in sums.items()}


def takes_labels(model: nn.Module) -> bool:
    """Whether the model's ``loss`` needs each data point's class, as a classifier's or a conditional model's does."""
    classes = getattr(model, "config", {}).get("classes", 0)
    return bool(classes) and "label" in inspect.signature(model.loss).parameters
