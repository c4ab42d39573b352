"""The lines with a tick: the quantities that passed, and how they were judged."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_waiting: ContextVar[list[tuple[str, str]] | None] = ContextVar(
    "ticks printed at the end of a check", default=None
)


def passed(name: str, how: str) -> None:
    """Print that a quantity passed; inside :func:`one_line_per_quantity`, print it at the end of the block."""
    ticks = _waiting.get()
    if ticks is None:
        print(f"✓ {name}: {how}")
    else:
        ticks.append((name, how))


@contextmanager
def one_line_per_quantity() -> Iterator[None]:
    """Print the ticks when the block ends, even by an error, as one line per quantity.

    A case is the part in parentheses at the end of a quantity's name: ``KL (one row)`` and ``KL (two rows)``, judged in
    the same way, become ``✓ KL, in 2 cases: …``.
    """
    if _waiting.get() is not None:
        yield
        return
    ticks: list[tuple[str, str]] = []
    token = _waiting.set(ticks)
    try:
        yield
    finally:
        _waiting.reset(token)
        for line in _lines(ticks):
            print(line)


def _lines(ticks: list[tuple[str, str]]) -> list[str]:
    names: dict[tuple[str, str], list[str]] = {}
    for name, how in ticks:
        names.setdefault((_without_case(name), how), []).append(name)
    lines = []
    for (quantity, how), cases in names.items():
        quantity = cases[0] if len(set(cases)) == 1 else quantity
        count = f", in {len(cases)} cases" if len(cases) > 1 else ""
        lines.append(f"✓ {quantity}{count}: {how}")
    return lines


def _without_case(name: str) -> str:
    """Return a name without the parentheses at its end, which may contain nested ones."""
    if not name.endswith(")"):
        return name
    depth = 0
    for place in range(len(name) - 1, 0, -1):
        depth += {")": 1, "(": -1}.get(name[place], 0)
        if depth == 0:
            return name[: place - 1] if name[place - 1] == " " else name
    return name
