"""Copies of a call's arguments and results, and whether the originals have changed since."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


def copied(value: Any) -> Any:
    """Copy tensors, arrays and containers; of a model, its parameters; anything else stays the same object."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, np.ndarray):
        return value.copy()
    if type(value) in (list, tuple):
        return type(value)(copied(item) for item in value)
    if type(value) is dict:
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, nn.Module):
        return _Parameters(value)
    return value


class _Parameters:
    """The values of a model's parameters; its buffers, such as running statistics, may change."""

    def __init__(self, model: nn.Module) -> None:
        self.values = [parameter.detach().clone() for parameter in model.parameters()]

    def same(self, model: nn.Module) -> bool:
        return all(map(identical, self.values, model.parameters()))


def identical(before: Any, after: Any) -> bool:
    """Return whether a value is the same as its copy from :func:`copied`, NaN included."""
    if isinstance(before, _Parameters):
        return before.same(after)
    if isinstance(before, Tensor):
        same_kind = before.shape == after.shape and before.dtype == after.dtype
        return same_kind and bool(torch.equal(torch.nan_to_num(before), torch.nan_to_num(after.detach())))
    if isinstance(before, np.ndarray):
        return before.shape == after.shape and np.array_equal(
            before, after, equal_nan=before.dtype.kind in "fc"
        )
    if type(before) in (list, tuple):
        return len(before) == len(after) and all(map(identical, before, after))
    if type(before) is dict:
        return list(before) == list(after) and all(map(identical, before.values(), after.values()))
    return before is after or (type(before) in (bool, int, float, str) and before == after)
