"""Structural checks: how an answer behaves, not which number it is."""

import torch
from torch import Tensor

from dgm_helpers.checks.failure import fail, passed
from dgm_helpers.checks.values import as_tensor


def has_no_gradient(name: str, value: Tensor) -> None:
    """Check that a result is cut from the graph: nothing can be differentiated through it.

    Raises:
        CheckFailed: if ``value`` requires a gradient.
    """
    if type(value) is not Tensor:
        as_tensor(name, value)
    elif value.requires_grad:
        fail(
            name,
            "carries a gradient",
            hint="an estimate of a gradient is a plain number: use detach() or no_grad().",
        )
    passed(name, "carries no gradient")


def unchanged(name: str, before: Tensor, after: Tensor) -> None:
    """Check that a function left one of its arguments as it was.

    Raises:
        CheckFailed: if any entry differs.
    """
    if before.shape != after.shape or not torch.equal(before, after):
        fail(
            name,
            "was changed by the function",
            hint="work on a copy: an in-place operation (`+=`, `x[...] =`) wrote into it.",
        )
    passed(name, "left as it was")


def repeatable(name: str, first: object, second: object) -> None:
    """Check that two calls with equally seeded generators gave the same result, to the last bit.

    Raises:
        CheckFailed: if they differ: randomness came from somewhere else.
    """
    if not torch.equal(as_tensor(name, first), as_tensor(name, second)):
        fail(
            name,
            "two calls with the same seed differ",
            hint="draw every random number from the generator that is given.",
        )
    passed(name, "repeatable from its generator")
