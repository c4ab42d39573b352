"""Check that two calls with one generator draw new noise, every part of it."""

import torch

from dgm_helpers.checks.failure import fail
from dgm_helpers.checks.ticks import passed
from dgm_helpers.checks.values import as_tensor

HINT = "draw every random number from the `generator` argument, and never seed it."


def independent_calls(name: str, first: object, second: object) -> None:
    """Check that two successive calls with one generator give different random numbers, in every part.

    The two results must differ in every slice along every axis: in every row, every coordinate, every sample. Two or
    more equal entries are also refused; a single one is not, because float32 has only 2**24 values between 0 and 1. A
    right answer with at most 1,000 entries, each with a continuous distribution, is rejected with probability below
    1e-6. An answer of at least two entries with a part drawn from a fixed seed is always rejected, unless that part is
    a single entry along all axes.

    Args:
        name: the function's name.
        first: the result of one call: a tensor, or a list or tuple of tensors of one shape.
        second: the result of another call with the same arguments and the same generator, not seeded again.

    Raises:
        CheckFailed: if the shapes differ, or a part is equal in both, up to the sign.
        ValueError: if the results have no entry.
    """
    one = as_tensor(f"{name}, first call", first)
    other = as_tensor(f"{name}, second call", second, one.shape)
    if one.numel() == 0:
        raise ValueError(f"{name}: the results must have at least one entry, got shape {tuple(one.shape)}")
    for sign, how in ((1, "equal"), (-1, "opposite")):
        same = one == sign * other
        if same.all():
            fail(name, f"two calls with one generator give {how} results", hint=HINT)
        part = _equal_slice(same)
        if part:
            fail(name, f"two calls with one generator give {how} numbers {part}", hint=HINT)
        if int(same.sum()) > 1:
            index = same.nonzero()[0].tolist()
            problem = f"{int(same.sum())} of {same.numel()} numbers are {how} in two calls with one generator"
            fail(name, problem, [f"first at index {index} of shape {tuple(one.shape)}"], HINT)
    passed(name, "two calls with one generator draw different numbers")


def _equal_slice(same: torch.Tensor) -> str:
    """Return the place of the first slice of several entries that are all equal, or nothing."""
    for axis in range(same.ndim):
        if same.shape[axis] == same.numel():
            continue  # slices of one entry
        equal = same.movedim(axis, 0).flatten(1).all(dim=1)
        if equal.any():
            return f"at index {int(equal.nonzero()[0])} of axis {axis}, of shape {tuple(same.shape)}"
    return ""
