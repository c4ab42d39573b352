"""The lines with a tick: what passed, and by what it was judged."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_waiting: ContextVar[list[tuple[str, str]] | None] = ContextVar(
    "ticks that wait for the end of a check", default=None
)


def passed(name: str, how: str) -> None:
    """Tell the student that a quantity passed; inside :func:`one_line_per_quantity`, at its end."""
    ticks = _waiting.get()
    if ticks is None:
        print(f"✓ {name}: {how}")
    else:
        ticks.append((name, how))


@contextmanager
def one_line_per_quantity() -> Iterator[None]:
    """Hold the ticks back until the end, also that by an error, and print one line per quantity with its cases.

    A case is what the name of a quantity has in parentheses at its end: ``KL (one row)`` and ``KL (two rows)``, judged
    in the same way, become ``✓ KL, in 2 cases: …``.
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
    """Return a name without the parentheses at its end, which may hold others."""
    if not name.endswith(")"):
        return name
    depth = 0
    for place in range(len(name) - 1, 0, -1):
        depth += {")": 1, "(": -1}.get(name[place], 0)
        if depth == 0:
            return name[: place - 1] if name[place - 1] == " " else name
    return name
