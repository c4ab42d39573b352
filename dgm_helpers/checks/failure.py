"""The failure every check raises, and the way its message is put together."""

from collections.abc import Sequence


class CheckFailed(AssertionError):
    """An answer is wrong; the message says what, where, and what it looks like.

    Attributes:
        hint: the part of the message that gives away no value: words of a test's author. Empty if there is none.
    """

    hint: str = ""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: the message alone, for a traceback would lead into the checks' own code."""
        return [f"✗ {self}"]


class MeasuredHint(str):
    """A hint with a number in it that was computed from the test's values."""


def fail(name: str, problem: str, details: Sequence[str] = (), hint: str | None = None) -> None:
    """Raise :class:`CheckFailed` with a first line that stands on its own, then details and a hint."""
    lines = [f"{name}: {problem}", *(f"  {detail}" for detail in details)]
    if hint:
        lines.append(f"  Hint: {hint}")
    error = CheckFailed("\n".join(lines))
    if hint and not isinstance(hint, MeasuredHint):
        error.hint = hint
    raise error
