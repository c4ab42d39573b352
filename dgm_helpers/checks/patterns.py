"""What a wrong answer looks like: a typical mistake named by the test, else a simple relation to the oracle."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from dgm_helpers.checks.failure import MeasuredHint
from dgm_helpers.checks.values import as_numbers


def recognise(answer: Tensor, mistakes: Mapping[str, object] | None, tolerance: Tensor | float) -> str | None:
    """The hint of the first typical mistake whose value the answer has to within ``tolerance``, or ``None``."""
    for hint, value in (mistakes or {}).items():
        mistaken = as_numbers("a typical mistake", value)
        if mistaken.shape == answer.shape and bool(((answer - mistaken).abs() <= tolerance).all()):
            return f"looks like {hint}"
    return None


def relation(answer: Tensor, oracle: Tensor, tolerance: Tensor | float) -> str | None:
    """A hint if the answer is the oracle transposed, negated, scaled or shifted by one number, else ``None``.

    A factor or an offset is named only where entries of different size agree on it.
    """

    def same(other: Tensor) -> bool:
        return other.shape == answer.shape and bool(((answer - other).abs() <= tolerance).all())

    if same(torch.zeros_like(answer)):
        return "every value is zero."
    if oracle.ndim >= 2 and same(oracle.transpose(-1, -2)):
        return "looks like the transpose of the right answer."
    if same(-oracle):
        return "looks like the right answer with the sign flipped."
    if bool((oracle == oracle.flatten()[0]).all()):
        return None  # any one wrong number would look like a factor and an offset
    scale = float((answer * oracle).sum() / (oracle * oracle).sum())
    if same(scale * oracle):
        return MeasuredHint(
            f"every value is {scale:.4g} times the right one: is a factor missing, or one too many?"
        )
    offset = float((answer - oracle).mean())
    if same(oracle + offset):
        return MeasuredHint(f"every value is off by {offset:+.4g}: is a constant missing, or one too many?")
    return None


def differing(expected: float, actual: float) -> tuple[str, str]:
    """Both numbers to as many digits as it takes to see that they differ, at least six."""
    digits = 6
    while digits < 17 and f"{expected:.{digits}g}" == f"{actual:.{digits}g}":
        digits += 1
    digits = min(17, digits + (digits > 6))
    return f"{expected:.{digits}g}", f"{actual:.{digits}g}"


def place(index: tuple[int, ...], shape: torch.Size) -> str:
    """Where an entry stands, for the end of a line; nothing for a single number."""
    return f" at index {list(index)} of shape {tuple(shape)}" if index else ""


def worst(error: Tensor) -> tuple[int, ...]:
    """Index of the largest entry."""
    # numpy's, because torch's own unravel_index imports sympy: 1.5 s before a student's first message.
    return tuple(int(i) for i in np.unravel_index(int(error.argmax()), error.shape)) if error.ndim else ()
