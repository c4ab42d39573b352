"""The exception that every check raises, and its message."""

from collections.abc import Sequence


class CheckFailed(AssertionError):
    """An answer is wrong; the message says what is wrong, where, and which mistake it looks like.

    Attributes:
        hint: the part of the message that reveals no value, because the test's author wrote it; empty without a hint.
    """

    hint: str = ""

    def _render_traceback_(self) -> list[str]:
        """Return only the message, for IPython: a traceback would lead into the checks' own code."""
        return [f"✗ {self}"]


class MeasuredHint(str):
    """A hint that contains a number computed from the test's values."""


def fail(name: str, problem: str, details: Sequence[str] = (), hint: str | None = None) -> None:
    """Raise :class:`CheckFailed` with a first line that can be read by itself, then details and a hint."""
    lines = [f"{name}: {problem}", *(f"  {detail}" for detail in details)]
    if hint:
        lines.append(f"  Hint: {hint}")
    error = CheckFailed("\n".join(lines))
    if hint and not isinstance(hint, MeasuredHint):
        error.hint = hint
    raise error
