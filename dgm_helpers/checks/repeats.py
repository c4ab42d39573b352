"""Repeated calls: an answer may depend only on its arguments, including a generator's state.

A function that counts its calls, or remembers the last one, can pass a check that it should fail. Therefore several
calls are repeated with equal arguments and equal random states, and the results are compared.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dgm_helpers.checks.failure import CheckFailed, fail

TOLERANCE = 1e-4  # of the largest value: sums may round differently
HINT = (
    "an answer may depend only on its arguments, including the generator: "
    "no counter, no memory of earlier calls, no clock."
)


def not_repeatable(name: str) -> CheckFailed:
    """Return the failure of a function that answers a repeated call differently."""
    try:
        fail(name, "the same call, repeated, gives a different answer", hint=HINT)
    except CheckFailed as failure:
        return failure


def alike(first: Any, second: Any) -> bool:
    """Return whether two results are the same up to rounding; NaN is the same as NaN.

    Functions, iterators and objects of a student's classes cannot be compared, and count as the same.
    """
    if isinstance(first, Tensor) and isinstance(second, Tensor):  # a parameter is a tensor like any other
        return _close(first.detach(), second.detach())
    if callable(first) and callable(second):
        return True
    if isinstance(first, Iterator) and isinstance(second, Iterator):
        return True
    both_tuples = isinstance(first, tuple) and isinstance(
        second, tuple
    )  # a named one is a tuple like any other
    if type(first) is not type(second) and not both_tuples:
        return False
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(map(alike, first, second))
    if isinstance(first, dict):
        return list(first) == list(second) and all(map(alike, first.values(), second.values()))
    if isinstance(first, np.ndarray | np.generic | float | complex):
        return _close(torch.as_tensor(np.asarray(first)), torch.as_tensor(np.asarray(second)))
    return bool(first == second)


def _close(first: Tensor, second: Tensor) -> bool:
    if first.shape != second.shape or first.dtype != second.dtype:
        return False
    if not (first.is_floating_point() or first.is_complex()):
        return bool((first == second).all())
    finite = first[torch.isfinite(first)].abs()
    scale = float(finite.max()) if finite.numel() else 0.0
    return torch.allclose(first, second, rtol=TOLERANCE, atol=TOLERANCE * scale, equal_nan=True)


class RandomStates:
    """The states of the global generators and of those among a call's arguments, at the time of construction."""

    # Any, because a run-time check of a list's type draws random numbers to choose the entry that it inspects.
    def __init__(self, generators: Any) -> None:
        self.generators = generators
        self.states = [generator.get_state() for generator in generators]
        self.torch_state, self.numpy_state = torch.get_rng_state(), np.random.get_state()
        self.python_state = random.getstate()

    def restore(self) -> None:
        """Restore all of these states."""
        for generator, state in zip(self.generators, self.states, strict=True):
            generator.set_state(state)
        torch.set_rng_state(self.torch_state)
        np.random.set_state(self.numpy_state)
        random.setstate(self.python_state)
