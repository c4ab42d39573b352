"""First thing in every check: is the answer a number of the right kind, the right shape, and finite?"""

from collections.abc import Sequence
from numbers import Number

import numpy as np
import torch
from torch import Tensor

from dgm_helpers.checks.failure import fail

MISSING = "the function returned None: is its last line a `return`?"


def as_tensor(name: str, value: object, shape: Sequence[int] | None = None) -> Tensor:
    """Return ``value`` as a detached float64 tensor on the CPU, or raise a :class:`CheckFailed` that says why not.

    Args:
        name: what the value is, for the message.
        value: a tensor, an array, a number, or a list of numbers.
        shape: the shape that it must have; ``None`` leaves it free.

    Raises:
        CheckFailed: if it is no number (also booleans and complex numbers), of another shape, or not finite.
    """
    if value is None:
        fail(name, "expected a tensor, got None", hint=MISSING)
    tensor = _to_tensor(name, value)
    if tensor.dtype == torch.bool or tensor.is_complex():
        fail(name, f"expected real numbers, got {tensor.dtype}")
    if shape is not None and tuple(tensor.shape) != tuple(shape):
        fail(
            name,
            "wrong shape",
            [f"expected {tuple(shape)}", f"actual   {tuple(tensor.shape)}"],
            _shape_hint(tensor, shape),
        )
    tensor = tensor.detach().to("cpu", torch.float64)
    _require_finite(name, tensor)
    return tensor


def _to_tensor(name: str, value: object) -> Tensor:
    # Exact types, because a subclass could redefine what a comparison means.
    if type(value) in (Tensor, torch.nn.Parameter):
        return value
    problem = f"expected a tensor of numbers, got {type(value).__name__}"
    if not isinstance(value, np.ndarray | Number | list | tuple):
        fail(name, problem, [f"value {_short(value)}"])
    try:
        return torch.as_tensor(np.asarray(value))
    except (TypeError, ValueError, RuntimeError):
        fail(name, problem, [f"value {_short(value)}"])


def _require_finite(name: str, tensor: Tensor) -> None:
    bad = ~torch.isfinite(tensor)
    if bad.any():
        index = tuple(bad.nonzero()[0].tolist())
        kind = "NaN" if torch.isnan(tensor[index]) else "infinite"
        fail(
            name,
            f"{int(bad.sum())} of {tensor.numel()} values are not finite",
            [f"first at index {list(index)}: {kind}"],
        )


def _shape_hint(tensor: Tensor, shape: Sequence[int]) -> str | None:
    if tensor.numel() == torch.Size(shape).numel():
        return "the number of entries is right; an axis is missing, added or moved."
    if tensor.ndim < len(shape):
        return "an axis was summed or averaged away that should stay."
    if tensor.ndim > len(shape):
        return "an axis is left that should be summed or averaged over."
    return None


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
