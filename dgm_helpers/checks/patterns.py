"""Hints: a typical mistake named by the test, else a simple relation of a wrong answer to the right one."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np
import torch
from torch import Tensor

from dgm_helpers.checks.failure import MeasuredHint
from dgm_helpers.checks.values import as_numbers

_unmatchable: ContextVar[list[str] | None] = ContextVar("unmatchable", default=None)
VISIBLE = 2.0  # tolerances by which a pattern must differ from the right answer before a hint names it


@contextmanager
def unmatchable_mistakes() -> Iterator[list[str]]:
    """Collect, in tests of a lecture, the ``mistakes`` entries that can never match.

    Inside the ``with`` block each check appends a line for an entry that equals the right answer or is not finite::

        with checks.unmatchable_mistakes() as lines:
            check.log_prob(right_answer)
        assert not lines
    """
    lines: list[str] = []
    token = _unmatchable.set(lines)
    try:
        yield lines
    finally:
        _unmatchable.reset(token)


def note_unmatchable(
    name: str, oracle: Tensor, mistakes: Mapping[str, object] | None, tolerance: Tensor | float
) -> None:
    """Add to the list of :func:`unmatchable_mistakes`, if a test collects one."""
    lines = _unmatchable.get()
    if lines is None:
        return
    for hint, value in (mistakes or {}).items():
        mistaken = as_numbers("a typical mistake", value)
        if not bool(torch.isfinite(mistaken).all()):
            lines.append(f"{name}: not finite: {hint}")
        elif mistaken.shape == oracle.shape and bool(((mistaken - oracle).abs() <= tolerance).all()):
            lines.append(f"{name}: equals the right answer: {hint}")


def recognize(
    answer: Tensor, oracle: Tensor, mistakes: Mapping[str, object] | None, tolerance: Tensor
) -> str | None:
    """Return the hint of the typical mistake that the answer equals to within ``tolerance``, or ``None``.

    If several match, the closest is named. A mistake is named only if noise does not hide it: at least half of the
    entries in which it differs from the right answer must differ by more than the tolerance.
    """
    best = (float("inf"), None)
    for hint, value in (mistakes or {}).items():
        mistaken = as_numbers("a typical mistake", value)
        if mistaken.shape != answer.shape or not bool(torch.isfinite(answer).all()):
            continue
        distance = (answer - mistaken).abs()
        if bool((distance <= tolerance).all()) and _visible(mistaken, oracle, tolerance):
            off = float((distance / tolerance).sum())
            best = min(best, (off, f"looks like {hint}"), key=lambda pair: pair[0])
    return best[1]


def relation(answer: Tensor, oracle: Tensor, tolerance: Tensor) -> str | None:
    """Return a hint if the answer is the oracle transposed, negated, scaled or shifted by one number, else ``None``.

    Every entry must agree with the pattern to within ``tolerance``, and every entry that the pattern changes must
    differ from the right value by more than twice that. A factor or an offset is named only if entries of different
    size agree on it, and if it differs visibly from one or zero.
    """

    def same(other: Tensor) -> bool:
        if other.shape != answer.shape or not bool(((answer - other).abs() <= tolerance).all()):
            return False
        change = (other - oracle).abs()
        return bool(((change == 0) | (change > VISIBLE * tolerance)).all())

    if same(torch.zeros_like(answer)):
        return "every value is zero."
    if oracle.ndim >= 2 and same(oracle.transpose(-1, -2)):
        return "looks like the transpose of the right answer."
    if same(-oracle):
        return "looks like the right answer with the sign flipped."
    if len(oracle.unique()) < 2:
        return None  # any one wrong number would look like a factor and an offset
    scale = float((answer * oracle).sum() / (oracle * oracle).sum())
    several_sizes = len(oracle[oracle != 0].unique()) > 1
    if several_sizes and same(scale * oracle) and abs(scale - 1) >= 5e-4:
        return MeasuredHint(
            f"every value is {scale:.4g} times the right one: is a factor missing, or one too many?"
        )
    offset = float((answer - oracle).mean())
    if same(oracle + offset):
        return MeasuredHint(f"every value is off by {offset:+.4g}: is a constant missing, or one too many?")
    return None


def _visible(mistaken: Tensor, oracle: Tensor, tolerance: Tensor) -> bool:
    """Return whether most entries in which a mistake differs from the right answer differ by more than noise."""
    if mistaken.shape != oracle.shape:
        return True
    change = (mistaken - oracle).abs()
    differs = change > 1e-9 * (mistaken.abs() + oracle.abs())
    visible = int((change > tolerance).sum())
    return visible > 0 and 2 * visible >= int(differs.sum())


def differing(expected: float, actual: float) -> tuple[str, str]:
    """Return both numbers with enough digits to show that they differ, at least six."""
    digits = 6
    while digits < 17 and f"{expected:.{digits}g}" == f"{actual:.{digits}g}":
        digits += 1
    digits = min(17, digits + (digits > 6))
    return f"{expected:.{digits}g}", f"{actual:.{digits}g}"


def place(index: tuple[int, ...], shape: torch.Size) -> str:
    """Return the entry's place, for the end of a line; nothing for a single number."""
    return f" at index {list(index)} of shape {tuple(shape)}" if index else ""


def worst(error: Tensor) -> tuple[int, ...]:
    """Return the index of the largest entry."""
    # numpy's, because torch's own unravel_index imports sympy: 1.5 s before a student's first message.
    return tuple(int(i) for i in np.unravel_index(int(error.argmax()), error.shape)) if error.ndim else ()
