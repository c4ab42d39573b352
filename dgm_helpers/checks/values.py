"""First thing in every check: is the answer a number of the right kind, the right shape, and finite?"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from dgm_helpers.checks.failure import MeasuredHint, fail

MISSING = "the function returned None: is its last line a `return`?"
# Exact types, because a subclass could redefine what a conversion or a comparison means.
TENSORS = (Tensor, torch.nn.Parameter)
NUMBERS = frozenset({bool, int, float, complex, *np.sctypeDict.values()})

MOST_ENTRIES = 20_000_000  # no exercise has a thousandth of that; in float64 they take 160 MB


def as_tensor(name: str, value: object, shape: Sequence[int] | None = None) -> Tensor:
    """Return ``value`` as a detached float64 tensor on the CPU, or raise a :class:`CheckFailed` that says why not.

    Args:
        name: what the value is, for the message.
        value: a tensor, an array, a number, or a list or tuple of these, all of one shape.
        shape: the shape that it must have; ``None`` leaves it free.

    Raises:
        CheckFailed: if it is no number (also booleans and complex numbers), of another shape, or not finite.
    """
    tensor = as_numbers(name, value)
    if shape is not None:
        require_shape(name, tensor, shape, is_tuple=type(value) is tuple)
    require_finite(name, tensor)
    return tensor


def as_numbers(name: str, value: object) -> Tensor:
    """The first half of :func:`as_tensor`: real numbers, of any shape, perhaps not finite."""
    if value is None:
        fail(name, "expected a tensor, got None", hint=MISSING)
    if type(value) in (list, tuple):
        return _stack(name, value)
    tensor = _plain(name, value)
    if tensor.dtype == torch.bool or tensor.is_complex():
        kind = str(tensor.dtype).removeprefix("torch.")
        hint = "a comparison gives True and False; turn them into numbers with `.to(x.dtype)`."
        fail(name, f"expected real numbers, got {kind}", hint=hint if kind == "bool" else None)
    # Two steps, because a device without float64 (mps) cannot convert before it copies.
    return tensor.to("cpu").to(torch.float64)


def require_shape(name: str, tensor: Tensor, shape: Sequence[int], *, is_tuple: bool = False) -> None:
    """Fail unless the shape is exactly this one: one that merely broadcasts to it is wrong."""
    if tuple(tensor.shape) == tuple(shape):
        return
    hint = _shape_hint(tensor, shape)
    if is_tuple:
        hint = MeasuredHint(f"the function returned a tuple of {len(tensor)}; one tensor is expected.")
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
    """A list or tuple as one tensor; a fault is told with the place of the entry that has it."""
    entries = [as_numbers(f"{name}, entry {i}", entry) for i, entry in enumerate(values)]
    shapes = {tuple(entry.shape) for entry in entries}
    if len(shapes) > 1:
        fail(
            name,
            f"expected a tensor, got a {type(values).__name__} of {len(entries)} with different shapes",
            [f"entry {i} has shape {tuple(entry.shape)}" for i, entry in enumerate(entries[:4])],
        )
    return torch.stack(entries) if entries else torch.zeros(0, dtype=torch.float64)


def _plain(name: str, value: object) -> Tensor:
    problem = f"expected a tensor of numbers, got {type(value).__name__}"
    if type(value) in TENSORS:
        # Called on the class, because a tensor can carry an attribute of its own named `detach`.
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
    """A line that shows a text; of anything else the type says enough, and its own `repr` may say anything."""
    if type(value) is not str:
        return []
    return [f"value {value!r}" if len(value) <= 60 else f"value {value[:57]!r}..."]
