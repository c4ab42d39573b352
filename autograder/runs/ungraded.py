"""Names that a solution relies on, but that are defined where grading does not look: read from the code."""

from __future__ import annotations

import builtins
import re
import symtable
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence

from nbformat import NotebookNode

from autograder.exercises import is_setup
from autograder.record import Remark, RemarkKind
from autograder.runs.cells import SubmittedCell
from autograder.runs.refusal import listed, shown

MAX_CODE = 50_000  # characters; what is longer is not parsed
UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
MAGIC = re.compile(r"^([ \t]*)[%!].*$", re.MULTILINE)


def ungraded_definitions(
    cells: Sequence[SubmittedCell], texts: Mapping[str, str], source: NotebookNode
) -> Iterator[Remark]:
    """Yield a remark for each name that a solution cell uses and that only a cell that is not graded defines.

    Args:
        cells: what was handed in.
        texts: its solution cells by grade id, which are all that is run.
        source: the lecture's complete notebook; its set-up cell is run too.
    """
    for name, where, users in definitions_outside(cells, texts, source):
        name, users = shown(name)[1:-1], listed(users)
        where = f"a cell that is not graded (cell {where})"
        message = f"solution cell {users} uses {name}, which is defined in {where}"
        advice = f"{name} is defined in {where}; define it inside the solution cell {users}."
        yield Remark(RemarkKind.NOTE, message, advice)


def definitions_outside(
    cells: Sequence[SubmittedCell], texts: Mapping[str, str], source: NotebookNode
) -> list[tuple[str, int, list[str]]]:
    """Return name, number of the cell that defines it, and the solution cells that use it."""
    setup = [cell.source for cell in source.cells if is_setup(cell)]
    there = set(dir(builtins)) | {"__name__", "display", "get_ipython"}
    for text in [*setup, *texts.values()]:
        there |= names(text)[0]
    users: dict[str, list[str]] = {}
    for grade_id, text in texts.items():
        for name in sorted(names(text)[1] - there):
            users.setdefault(name, []).append(grade_id)
    return [(name, number, users[name]) for name, number in _found(users, cells, texts)]


def _found(
    wanted: Iterable[str], cells: Iterable[SubmittedCell], texts: Mapping[str, str]
) -> Iterator[tuple[str, int]]:
    left = set(wanted)
    for cell in cells:
        if not left:
            return
        if cell.kind != "code" or cell.grade_id in texts or cell.text is None:
            continue
        here = left & names(cell.text)[0]
        left -= here
        yield from ((name, cell.number) for name in sorted(here))


def names(code: str) -> tuple[set[str], set[str]]:
    """Return the names that a cell's code defines at its top level, and the global names that it uses.

    Code that cannot be parsed has none: running it is what reports the error.
    """
    table = _table(code)
    if table is None:
        return set(), set()
    defined = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}
    used = {s.get_name() for s in table.get_symbols() if s.is_referenced()}
    waiting = list(table.get_children())
    while waiting:
        inner = waiting.pop()
        waiting += inner.get_children()
        used |= {s.get_name() for s in inner.get_symbols() if s.is_global() and s.is_referenced()}
    return defined, used - defined


def _table(code: str) -> symtable.SymbolTable | None:
    if len(code) > MAX_CODE:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the student's escapes
        for text in (code, MAGIC.sub(r"\1pass", code)):
            try:
                return symtable.symtable(text, "cell", "exec")
            except UNPARSABLE:
                continue
    return None
