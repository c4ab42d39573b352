"""A model's optimizer: its class, its parameters, its schedule, and their names in a checkpoint."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

from dgm_helpers.models.protocol import HasParameterGroups

MakeOptimizer = Callable[..., torch.optim.Optimizer]  # of parameter groups and ``lr``
Schedule = Callable[[int, float], float]  # of the steps and the passes over the data made


def build(
    model: nn.Module, learning_rate: float, optimizer: MakeOptimizer | None = None
) -> torch.optim.Optimizer:
    """Return the optimizer of a model.

    Args:
        model: the model whose parameters it updates, in the groups of :func:`parameter_groups`.
        learning_rate: learning rate of the groups that do not define one.
        optimizer: a class of ``torch.optim``, or one with arguments, as ``partial(SGD, momentum=0.9)`` (default: Adam).
            A group's own arguments override these.

    Raises:
        ValueError: if the model's parameter groups leave a parameter out.
    """
    optimizer = optimizer or torch.optim.Adam
    kind, given = (optimizer.func, optimizer.keywords) if isinstance(optimizer, partial) else (optimizer, {})
    # One pass over all parameters: on a CPU four times as fast.
    fused = {"fused": True} if kind is torch.optim.Adam and "fused" not in given else {}
    return optimizer(parameter_groups(model, learning_rate), lr=learning_rate, **fused)


def parameter_groups(model: nn.Module, learning_rate: float) -> list[dict[str, Any]]:
    """Return the optimizer's parameter groups: the model's own, or all parameters in one.

    Raises:
        ValueError: if the model's own groups leave a parameter out.
    """
    if not isinstance(model, HasParameterGroups):
        return [{"params": list(model.parameters())}]
    groups = [{**group, "params": list(group["params"])} for group in model.parameter_groups(learning_rate)]
    grouped = {id(parameter) for group in groups for parameter in group["params"]}
    for name, parameter in model.named_parameters():
        if id(parameter) not in grouped:
            raise ValueError(f"no parameter group of this model contains {name!r}: it would not be trained")
    return groups


def scheduled(optimizer: torch.optim.Optimizer, schedule: Schedule | None, steps_per_pass: int) -> LambdaLR:
    """Return torch's schedule that multiplies the learning rate of every group by a factor in each step.

    Args:
        optimizer: a new optimizer.
        schedule: function of the numbers of steps and of passes over the data made (default: always 1).
        steps_per_pass: number of steps per pass over the data.

    Raises:
        ValueError: here or in a step, if the factor is negative or not finite.
    """

    def factor(steps: int) -> float:
        value = 1.0 if schedule is None else float(schedule(steps, steps / steps_per_pass))
        if not 0 <= value < math.inf:
            raise ValueError(
                f"the schedule's factor after {steps} steps must be finite and at least 0, got {value}"
            )
        return value

    return LambdaLR(optimizer, factor)


def rates(schedule: LambdaLR, steps: int) -> list[float]:
    """Return the learning rate of each group in the step that follows this many."""
    pairs = zip(schedule.base_lrs, schedule.lr_lambdas, strict=True)
    return [rate * factor(steps) for rate, factor in pairs]


def resumed(schedule: LambdaLR, steps: int) -> LambdaLR:
    """Return the schedule after this many steps, given that its optimizer's state is already restored."""
    for group, rate in zip(schedule.optimizer.param_groups, schedule.base_lrs, strict=True):
        group["initial_lr"] = rate
    return LambdaLR(schedule.optimizer, schedule.lr_lambdas, last_epoch=steps - 1)


def name_of(function: Callable[..., Any] | None) -> str | None:
    """Return the name of an optimizer or schedule in a checkpoint, with its arguments: equal in every process."""
    if function is None:
        return None
    if isinstance(function, partial):
        arguments = [*map(repr, function.args), *(f"{k}={v!r}" for k, v in sorted(function.keywords.items()))]
        return f"{name_of(function.func)}({', '.join(arguments)})"
    return getattr(function, "__qualname__", None) or repr(function)
