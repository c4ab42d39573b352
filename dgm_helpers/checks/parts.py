"""Answers that consist of several parts, such as the gradients with respect to two parameters."""

from dgm_helpers.checks.failure import fail
from dgm_helpers.checks.values import MISSING


def unpack(name: str, value: object, count: int) -> tuple[object, ...]:
    """Return the ``count`` parts of an answer, which must be a tuple or a list.

    A test cell that unpacks an answer by assignment fails with Python's own message, which names
    neither the function nor the expected number of values.

    Args:
        name: the function's name, as a student knows it.
        value: the returned value.
        count: the number of parts that the function should return.

    Raises:
        CheckFailed: if the value is not a tuple or a list, or has a different number of parts.
    """
    if value is None:
        fail(name, f"expected {count} values, got None", hint=MISSING)
    if not isinstance(value, tuple | list):
        fail(name, f"expected {count} values, got one {type(value).__name__}",
             hint=f"return them separated by commas: a tuple of {count}.")  # fmt: skip
    if len(value) != count:
        fail(name, f"expected {count} values, got {len(value)}")
    return tuple(value)
