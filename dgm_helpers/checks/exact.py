"""Exact checks: the answer against an oracle in float64, to a stated tolerance."""

from collections.abc import Mapping

import torch
from torch import Tensor

from dgm_helpers.checks.failure import fail, passed
from dgm_helpers.checks.values import as_tensor

RELATIVE = 1e-5  # float32 answers pass: every docstring of the course allows float32
ABSOLUTE = 1e-6


def equal(
    name: str,
    actual: object,
    expected: object,
    *,
    rtol: float = RELATIVE,
    atol: float = ABSOLUTE,
    unit: str = "",
    case: str = "",
    mistakes: Mapping[str, object] | None = None,
) -> None:
    """Check that ``|actual - expected| <= atol + rtol * |expected|`` in every entry.

    Args:
        name: the quantity, as a student knows it.
        actual: the student's answer: a tensor, an array or a number.
        expected: the oracle's value, of the same shape.
        rtol: relative tolerance.
        atol: absolute tolerance.
        unit: for the message, such as ``"nats"``.
        case: for the message, on which input this was.
        mistakes: hint -> the value that a typical mistake gives. The hint is shown where the answer equals it.

    Raises:
        CheckFailed: if the answer is no finite number of that shape, or differs.
    """
    oracle = as_tensor(f"expected {name}", expected)
    where = f"{name} ({case})" if case else name
    try:
        answer = as_tensor(where, actual, oracle.shape)
    except AssertionError:
        _recognise_shape(where, actual, mistakes)
        raise
    wrong = (answer - oracle).abs() > atol + rtol * oracle.abs()
    if not wrong.any():
        passed(where, f"equals the exact value (rtol {rtol:g}, atol {atol:g})")
        return
    fail(
        where,
        f"{int(wrong.sum())} of {wrong.numel()} values are wrong" if wrong.numel() > 1 else "wrong value",
        describe_worst(answer, oracle, unit),
        recognise(answer, mistakes, rtol, atol),
    )


def at_most(name: str, actual: object, bound: float, *, unit: str = "") -> None:
    """Check that every entry of ``actual`` is finite and no more than ``bound``."""
    answer = as_tensor(name, actual)
    if bool((answer > bound).any()):
        fail(
            name,
            f"too large: {answer.max():.6g} {unit}".rstrip(),
            [f"it can be at most {bound:.6g} {unit}".rstrip()],
        )
    passed(name, f"at most {bound:.6g} {unit}".rstrip())


def true(name: str, condition: object, problem: str, hint: str | None = None) -> None:
    """Check that ``condition`` is exactly ``True`` (a bool, or a tensor of one bool), else say ``problem``."""
    value = condition.item() if type(condition) is Tensor and condition.numel() == 1 else condition
    if value is not True:
        fail(name, problem, hint=hint)
    passed(name, "holds")


def describe_worst(answer: Tensor, oracle: Tensor, unit: str) -> list[str]:
    """Lines that show the entry which is furthest off, with its index and the shape."""
    error = (answer - oracle).abs()
    index = tuple(int(i) for i in torch.unravel_index(error.argmax(), error.shape)) if error.ndim else ()
    place = f" at index {list(index)} of shape {tuple(error.shape)}" if index else ""
    return [
        f"expected {oracle[index]:.6g} {unit}".rstrip() + place,
        f"actual   {answer[index]:.6g} {unit}".rstrip(),
        f"difference {error[index]:.3g}",
    ]


def recognise(answer: Tensor, mistakes: Mapping[str, object] | None, rtol: float, atol: float) -> str | None:
    """The hint of the first typical mistake whose value the answer has, or ``None``."""
    for hint, value in (mistakes or {}).items():
        mistaken = as_tensor("a typical mistake", value)
        if mistaken.shape == answer.shape and torch.allclose(answer, mistaken, rtol=rtol, atol=atol):
            return f"looks like {hint}"
    return None


def _recognise_shape(name: str, actual: object, mistakes: Mapping[str, object] | None) -> None:
    """Raise with a typical mistake's hint if the answer, of a wrong shape, is exactly that mistake."""
    for hint, value in (mistakes or {}).items():
        mistaken = as_tensor("a typical mistake", value)
        if getattr(actual, "shape", None) == mistaken.shape:
            hint_found = recognise(as_tensor(name, actual), {hint: value}, RELATIVE, ABSOLUTE)
            if hint_found:
                fail(name, "wrong shape", [f"actual {tuple(mistaken.shape)}"], hint_found)
