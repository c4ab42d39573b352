"""The ``.grad`` of a call's arguments: scratch space that the call may write into, and that no later call sees.

In the judge each call gets new copies of its arguments, including their ``.grad``. In a notebook a call gets the
arguments themselves, so their ``.grad`` is replaced by a copy and restored after the call.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from torch import Tensor, nn


@contextmanager
def copied_gradients(values: Any) -> Iterator[None]:
    """Let a call write into copies of the ``.grad`` of the leaves among its arguments, and drop the copies after it."""
    kept = [(leaf, leaf.grad) for leaf in _leaves(values)]
    for leaf, gradient in kept:
        leaf.grad = None if gradient is None else gradient.detach().clone()
    try:
        yield
    finally:
        for leaf, gradient in kept:
            with suppress(RuntimeError):  # the call changed the leaf's shape or dtype, which fails the check
                leaf.grad = gradient


def _leaves(value: Any) -> Iterator[Tensor]:
    """Yield the leaf tensors in a value, including those of models, of models' methods and of partial functions."""
    if isinstance(value, Tensor):
        if value.is_leaf:
            yield value
    elif isinstance(value, nn.Module):
        yield from value.parameters()
    elif isinstance(value, types.MethodType):
        yield from _leaves(value.__self__)
    elif isinstance(value, functools.partial):
        yield from _leaves([value.func, *value.args, *value.keywords.values()])
    elif isinstance(value, list | tuple | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _leaves(item)
