"""Answers that consist of several parts, such as the gradients in two parameters."""

from dgm_helpers.checks.failure import fail
from dgm_helpers.checks.values import MISSING


def unpack(name: str, value: object, count: int) -> tuple[object, ...]:
    """Return the ``count`` parts of an answer, which has to be a tuple or a list.

    A test cell that unpacks an answer by assignment fails with Python's own message, which names
    neither the function nor what it should have returned.

    Args:
        name: the function, as a student knows it.
        value: what it returned.
        count: how many parts it should have returned.

    Raises:
        CheckFailed: if it is no tuple or list, or has another number of parts.
    """
    if value is None:
        fail(name, f"expected {count} values, got None", hint=MISSING)
    if not isinstance(value, tuple | list):
        fail(name, f"expected {count} values, got one {type(value).__name__}",
             hint=f"return them separated by commas: a tuple of {count}.")  # fmt: skip
    if len(value) != count:
        fail(name, f"expected {count} values, got {len(value)}")
    return tuple(value)
