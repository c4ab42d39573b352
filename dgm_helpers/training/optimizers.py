"""A model's optimiser: which it is, of which parameters, and what a checkpoint calls it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import nn

from dgm_helpers.models.protocol import HasParameterGroups

MakeOptimizer = Callable[..., torch.optim.Optimizer]  # of parameter groups and ``lr``


def build(
    model: nn.Module, learning_rate: float, optimizer: MakeOptimizer | None = None
) -> torch.optim.Optimizer:
    """The optimiser of a model.

    Args:
        model: whose parameters it updates, in the groups of :func:`parameter_groups`.
        learning_rate: of the groups that have none of their own.
        optimizer: a class of ``torch.optim``, or one with arguments, as ``partial(SGD, momentum=0.9)``; Adam unless
            given. What a group says of itself comes before these arguments.

    Raises:
        ValueError: if the model's parameter groups leave a parameter out.
    """
    optimizer = optimizer or torch.optim.Adam
    kind, given = (optimizer.func, optimizer.keywords) if isinstance(optimizer, partial) else (optimizer, {})
    # One pass over all parameters: on a CPU four times as fast.
    fused = {"fused": True} if kind is torch.optim.Adam and "fused" not in given else {}
    return optimizer(parameter_groups(model, learning_rate), lr=learning_rate, **fused)


def parameter_groups(model: nn.Module, learning_rate: float) -> list[dict[str, Any]]:
    """The optimiser's parameter groups: the model's own, or all parameters in one.

    Raises:
        ValueError: if the model's own leave a parameter out.
    """
    if not isinstance(model, HasParameterGroups):
        return [{"params": list(model.parameters())}]
    groups = [{**group, "params": list(group["params"])} for group in model.parameter_groups(learning_rate)]
    grouped = {id(parameter) for group in groups for parameter in group["params"]}
    for name, parameter in model.named_parameters():
        if id(parameter) not in grouped:
            raise ValueError(f"no parameter group of this model holds {name!r}: it would not be trained")
    return groups


def name_of(function: Callable[..., Any] | None) -> str | None:
    """What a checkpoint calls an optimiser or a schedule, the same in every process: its name and its arguments."""
    if function is None:
        return None
    if isinstance(function, partial):
        arguments = [*map(repr, function.args), *(f"{k}={v!r}" for k, v in sorted(function.keywords.items()))]
        return f"{name_of(function.func)}({', '.join(arguments)})"
    return getattr(function, "__qualname__", None) or repr(function)
