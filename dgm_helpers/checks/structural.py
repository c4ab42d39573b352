"""Structural checks: how an answer behaves, not which numbers it returns."""

import torch
from torch import Tensor

from dgm_helpers.checks.failure import fail
from dgm_helpers.checks.ticks import passed
from dgm_helpers.checks.values import as_tensor


def has_no_gradient(name: str, value: object) -> None:
    """Check that a result is cut from the graph: nothing can be differentiated through it.

    Args:
        name: the value's name.
        value: a tensor, a number, or a list or tuple of them.

    Raises:
        CheckFailed: if ``value``, or an entry of it, requires a gradient or is not a finite number.
    """
    for place, part in _parts(name, value):
        if isinstance(part, Tensor) and part.requires_grad:
            fail(
                place,
                "carries a gradient",
                hint="an estimate of a gradient is a plain number: use detach() or no_grad().",
            )
        as_tensor(place, part)
    passed(name, "carries no gradient")


def repeatable(name: str, first: object, second: object) -> None:
    """Check that two calls with equally seeded generators gave the same result, to the last bit.

    Args:
        name: the result's name.
        first: the result of one call: a tensor, a number, or a list or tuple of them.
        second: the result of the other call.

    Raises:
        CheckFailed: if they differ, because some randomness did not come from the generator.
    """
    parts, others = _parts(name, first), _parts(name, second)
    same = len(parts) == len(others) and all(
        torch.equal(as_tensor(place, one), as_tensor(place, other))
        for (place, one), (_, other) in zip(parts, others, strict=True)
    )
    if not same:
        fail(
            name,
            "two calls with the same seed differ",
            hint="draw every random number from the `generator` argument.",
        )
    passed(name, "repeatable from its generator")


def _parts(name: str, value: object) -> list[tuple[str, object]]:
    """Return the entries of a list or tuple, each with its place for a message; any other value is one part."""
    if type(value) not in (list, tuple):
        return [(name, value)]
    return [(f"{name}, entry {i}", entry) for i, entry in enumerate(value)]
