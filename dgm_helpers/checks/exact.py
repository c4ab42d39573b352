"""Exact checks: the answer against an oracle in float64, to a stated tolerance."""

from collections.abc import Mapping

from torch import Tensor

from dgm_helpers.checks.failure import fail
from dgm_helpers.checks.patterns import differing, note_unmatchable, place, recognize, relation, worst
from dgm_helpers.checks.ticks import passed
from dgm_helpers.checks.values import as_numbers, as_tensor, container, require_finite, require_shape

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
        name: the quantity's name, as students know it.
        actual: the student's answer: a tensor, an array or a number.
        expected: the oracle's value, of the same shape.
        rtol: relative tolerance.
        atol: absolute tolerance.
        unit: unit of the values, for the message, such as ``"nats"``.
        case: the input, for the message.
        mistakes: hint -> the value, of any shape, that a typical mistake gives. The hint is shown if the answer
            equals it.

    Raises:
        CheckFailed: if the answer is not a finite number of that shape, or differs.
    """
    oracle = as_tensor(f"expected {name}", expected)
    where = f"{name} ({case})" if case else name
    answer = as_numbers(where, actual)
    tolerance = atol + rtol * answer.abs()
    note_unmatchable(where, oracle, mistakes, atol + rtol * oracle.abs())
    if answer.shape != oracle.shape:
        hint = recognize(answer, oracle, mistakes, tolerance)
        if hint:
            sizes = [f"expected {tuple(oracle.shape)}", f"actual   {tuple(answer.shape)}"]
            fail(where, "wrong shape", sizes, hint)
    require_shape(where, answer, oracle.shape, container=container(actual))
    require_finite(where, answer)
    wrong = (answer - oracle).abs() > atol + rtol * oracle.abs()
    if not wrong.any():
        passed(where, f"equals the exact value (rtol {rtol:g}, atol {atol:g})")
        return
    fail(
        where,
        f"{int(wrong.sum())} of {wrong.numel()} values are wrong" if wrong.numel() > 1 else "wrong value",
        describe_worst(answer, oracle, unit),
        recognize(answer, oracle, mistakes, tolerance) or relation(answer, oracle, tolerance),
    )


def at_most(name: str, actual: object, bound: float, *, unit: str = "", hint: str | None = None) -> None:
    """Check that every entry of ``actual`` is finite and no more than ``bound``.

    Raises:
        CheckFailed: if an entry is not a finite number, or is larger.
    """
    _bounded(name, as_tensor(name, actual), bound, 1, unit, hint)


def at_least(name: str, actual: object, bound: float, *, unit: str = "", hint: str | None = None) -> None:
    """Check that every entry of ``actual`` is finite and no less than ``bound``.

    Raises:
        CheckFailed: if an entry is not a finite number, or is smaller.
    """
    _bounded(name, as_tensor(name, actual), bound, -1, unit, hint)


def _bounded(name: str, answer: Tensor, bound: float, sign: int, unit: str, hint: str | None) -> None:
    side = "at most" if sign > 0 else "at least"
    if not bool((sign * answer <= sign * bound).all()):
        index = worst(sign * answer)
        expected, actual = differing(bound, float(answer[index]))
        fail(
            name,
            f"too {'large' if sign > 0 else 'small'}",
            [
                f"expected {side} {expected} {unit}".rstrip(),
                f"actual   {actual} {unit}".rstrip() + place(index, answer.shape),
            ],
            hint,
        )
    passed(name, f"{side} {bound:.6g} {unit}".rstrip())


def true(name: str, condition: object, problem: str, hint: str | None = None) -> None:
    """Check that ``condition`` is exactly ``True`` (a bool, or a tensor of one bool), else fail with ``problem``."""
    value = Tensor.item(condition) if type(condition) is Tensor and condition.numel() == 1 else condition
    if value is not True:
        fail(name, problem, hint=hint)
    passed(name, "holds")


def describe_worst(answer: Tensor, oracle: Tensor, unit: str) -> list[str]:
    """Return lines that show the entry with the largest error, its index and the shape."""
    error = (answer - oracle).abs()
    index = worst(error)
    expected, actual = differing(float(oracle[index]), float(answer[index]))
    return [
        f"expected {expected} {unit}".rstrip() + place(index, error.shape),
        f"actual   {actual} {unit}".rstrip(),
        f"difference {error[index]:.3g}",
    ]
