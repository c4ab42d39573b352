"""The first step of every check: is the answer a number of the right kind, of the right shape, and finite?"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from dgm_helpers.checks.failure import MeasuredHint, fail

MISSING = "the function returned None: is its last line a `return`?"
# Exact types, because a subclass could redefine what a conversion or a comparison means.
TENSORS = (Tensor, torch.nn.Parameter)
NUMBERS = frozenset({bool, int, float, complex, *np.sctypeDict.values()})

MOST_ENTRIES = 20_000_000  # no exercise has a thousandth of that; in float64 this is 160 MB


def as_tensor(name: str, value: object, shape: Sequence[int] | None = None) -> Tensor:
    """Return ``value`` as a detached float64 tensor on the CPU, or raise :class:`CheckFailed` with the reason.

    Args:
        name: the value's name, for the message.
        value: a tensor, an array, a number, or a list or tuple (including a named one) of these, all of one shape.
        shape: the required shape; any shape if ``None``.

    Raises:
        CheckFailed: if it is not a real number (booleans included), has a different shape, or is not finite.
    """
    tensor = as_numbers(name, value)
    if shape is not None:
        require_shape(name, tensor, shape, container=container(value))
    require_finite(name, tensor)
    return tensor


def as_numbers(name: str, value: object) -> Tensor:
    """Return ``value`` as :func:`as_tensor` does, of any shape and perhaps not finite."""
    if value is None:
        fail(name, "expected a tensor, got None", hint=MISSING)
    if container(value):
        return _stack(name, value)
    tensor = _plain(name, value)
    if tensor.dtype == torch.bool or tensor.is_complex():
        kind = str(tensor.dtype).removeprefix("torch.")
        hint = "a comparison gives True and False; turn them into numbers with `.to(x.dtype)`."
        fail(name, f"expected real numbers, got {kind}", hint=hint if kind == "bool" else None)
    # Two steps, because a device without float64 (mps) cannot convert before it copies.
    return tensor.to("cpu").to(torch.float64)


def container(value: object) -> str:
    """Return ``"list"`` or ``"tuple"`` for one of these (a named tuple included), and nothing for any other value."""
    return "list" if type(value) is list else "tuple" if isinstance(value, tuple) else ""


def require_shape(name: str, tensor: Tensor, shape: Sequence[int], *, container: str = "") -> None:
    """Fail unless the shape is exactly this one: one that merely broadcasts to it is wrong."""
    if tuple(tensor.shape) == tuple(shape):
        return
    hint = _shape_hint(tensor, shape)
    if container and tuple(tensor.shape[1:]) == tuple(shape):
        hint = MeasuredHint(f"the function returned a {container} of {len(tensor)}; one tensor is expected.")
    fail(name, "wrong shape", [f"expected {tuple(shape)}", f"actual   {tuple(tensor.shape)}"], hint)


def require_finite(name: str, tensor: Tensor) -> None:
    """Fail if any entry is NaN or infinite."""
    bad = ~torch.isfinite(tensor)
    if not bad.any():
        return
    index = tuple(bad.nonzero()[0].tolist())
    kind = "NaN" if torch.isnan(tensor[index]) else f"{float(tensor[index]):+}"
    hint = (
        "NaN comes from 0/0, inf - inf, or the log or root of a negative number." if kind == "NaN" else None
    )
    if not index:
        fail(name, f"expected a finite number, got {kind}", hint=hint)
    fail(
        name,
        f"{int(bad.sum())} of {tensor.numel()} values are not finite",
        [f"first at index {list(index)} of shape {tuple(tensor.shape)}: {kind}"],
        hint,
    )


def _stack(name: str, values: Sequence[object]) -> Tensor:
    """Return a list or tuple as one tensor; a failure names the entry."""
    kind = container(values)
    # Read through the class, because a subclass could redefine what it contains.
    values = (list if kind == "list" else tuple).__iter__(values)
    entries = [as_numbers(f"{name}, entry {i}", entry) for i, entry in enumerate(values)]
    shapes = {tuple(entry.shape) for entry in entries}
    if len(shapes) > 1:
        fail(
            name,
            f"expected a tensor, got a {kind} of {len(entries)} with different shapes",
            [f"entry {i} has shape {tuple(entry.shape)}" for i, entry in enumerate(entries[:4])],
        )
    return torch.stack(entries) if entries else torch.zeros(0, dtype=torch.float64)


def _plain(name: str, value: object) -> Tensor:
    problem = f"expected a tensor of numbers, got {type(value).__name__}"
    if type(value) in TENSORS:
        # Called on the class, because a tensor can have its own attribute named `detach`.
        tensor = Tensor.detach(value)
        if tensor.numel() > MOST_ENTRIES:  # before it is converted
            fail(name, f"far too many numbers: the shape is {tuple(tensor.shape)}")
        if tensor.layout != torch.strided or tensor.is_meta or tensor.is_quantized:
            fail(name, f"expected a dense tensor with values, got {tensor.layout} on {tensor.device}")
        return tensor
    if type(value) is not np.ndarray and type(value) not in NUMBERS:
        fail(name, problem, _shown(value))
    try:
        # A copy: arrays from elsewhere may be read-only or run backwards.
        return torch.as_tensor(np.array(value, order="C"))
    except (TypeError, ValueError, RuntimeError, OverflowError):
        fail(name, problem, _shown(value))


def _shape_hint(tensor: Tensor, shape: Sequence[int]) -> str:
    if tensor.numel() == torch.Size(shape).numel():
        return "the number of entries is right; an axis is missing, added or moved."
    if tensor.ndim < len(shape):
        return "an axis was summed or averaged away that should stay."
    if tensor.ndim > len(shape):
        return "an axis is left that should be summed or averaged over."
    return "the number of axes is right, their sizes are not: was the wrong axis summed or averaged?"


def _shown(value: object) -> list[str]:
    """Return a line that shows a string; any other value's own `repr` could print anything."""
    if type(value) is not str:
        return []
    return [f"value {value!r}" if len(value) <= 60 else f"value {value[:57]!r}..."]
