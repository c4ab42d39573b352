"""The training loop, in plain torch, for every model whose ``loss(batch)`` returns a dict of named terms."""

import os
import sys
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from dgm_helpers.runtime import DEFAULT_SEED, generator
from dgm_helpers.training.history import History


def fit(
    model: nn.Module,
    x: Tensor,
    *,
    steps: int,
    batch_size: int = 128,
    learning_rate: float = 1e-3,
    seed: int = DEFAULT_SEED,
    transform: Callable[[Tensor, torch.Generator], Tensor] | None = None,
    labels: Tensor | None = None,
    log_every: int = 50,
) -> History:
    """Minimise ``model.loss(batch, generator)["loss"]`` with Adam, and log every term.

    Batches come from memory without replacement within an epoch, in an order fixed by ``seed``; the
    noise of the loss is drawn from the same generator. Data are moved to the model's device and dtype once.

    Args:
        model: trained in place; left in evaluation mode.
        x: training data, first axis the data points.
        steps: number of updates.
        batch_size: data points an update; all of them if there are fewer.
        learning_rate: of Adam. A model of several players defines ``parameter_groups(learning_rate)``: a list of Adam's
            groups, dicts with ``params`` and what is the player's own of ``lr``, ``betas`` and the like.
        seed: of the order and the noise.
        transform: applied to each batch, with the run's generator; for binarisation or dequantisation.
        labels: class of each data point, for a conditional model: its ``loss`` gets those of the batch as ``label``.
        log_every: a row of the history is the average over this many steps.

    Returns:
        The history of the terms.

    Raises:
        ValueError: if there are no data or no steps, if a batch or a row of the history would hold nothing, if there
            are not as many labels as data points, or if the model's parameter groups leave a parameter out.
        FloatingPointError: if a term is not finite, with its name and the step. The update is not made.
    """
    if len(x) == 0 or steps < 1:
        raise ValueError(f"nothing to train on: {len(x)} data points, {steps} steps")
    if batch_size < 1 or log_every < 1:
        raise ValueError(f"batch_size ({batch_size}) and log_every ({log_every}) must be at least 1")
    if labels is not None and len(labels) != len(x):
        raise ValueError(f"{len(labels)} labels for {len(x)} data points")
    parameter = next(model.parameters())
    x = x.to(parameter)
    labels = None if labels is None else labels.to(parameter.device)
    draws = generator(seed, parameter.device)
    optimizer = torch.optim.Adam(_groups(model, learning_rate), lr=learning_rate, fused=True)
    history, sums = History(), {}
    batches = _batches(len(x), min(batch_size, len(x)), draws)
    model.train()
    for step in tqdm(range(1, steps + 1), disable=_quiet(), leave=False, desc=type(model).__name__):
        index = next(batches)
        batch = x[index] if transform is None else transform(x[index], draws)
        condition = {} if labels is None else {"label": labels[index]}
        terms = model.loss(batch, **condition, generator=draws)
        _require_finite(terms, step)
        optimizer.zero_grad(set_to_none=True)
        terms["loss"].backward()
        optimizer.step()
        for name, value in terms.items():
            sums[name] = sums.get(name, 0.0) + float(value.detach())
        if step % log_every == 0 or step == steps:
            count = (step - 1) % log_every + 1
            history.add(step, {name: total / count for name, total in sums.items()})
            sums = {}
    model.eval()
    return history


def _groups(model: nn.Module, learning_rate: float) -> list[dict[str, Any]]:
    """Adam's parameter groups: the model's own, or all parameters in one."""
    if not hasattr(model, "parameter_groups"):
        return [{"params": list(model.parameters())}]
    groups = [{**group, "params": list(group["params"])} for group in model.parameter_groups(learning_rate)]
    grouped = {id(parameter) for group in groups for parameter in group["params"]}
    for name, parameter in model.named_parameters():
        if id(parameter) not in grouped:
            raise ValueError(f"no parameter group of this model holds {name!r}: it would not be trained")
    return groups


def _batches(size: int, batch_size: int, draws: torch.Generator):
    """Indices of one batch after another, for ever; a last short batch of an epoch is left out."""
    while True:
        order = torch.randperm(size, generator=draws, device=draws.device)
        yield from order[: size - size % batch_size].split(batch_size)


def _require_finite(terms: dict[str, Tensor], step: int) -> None:
    for name, value in terms.items():
        if not torch.isfinite(value).all():
            raise FloatingPointError(
                f"step {step}: the term {name!r} is {float(value.detach())}; no update was made. "
                "A smaller learning rate, or a look at the data for NaN, is the usual way out."
            )


def _quiet() -> bool:
    """No progress line where nobody watches: with ``DGM_QUIET`` set (as CI does), or outside terminal and notebook."""
    if os.environ.get("DGM_QUIET") or os.environ.get("CI"):
        return True
    return not ("ipykernel" in sys.modules or sys.stderr.isatty())
