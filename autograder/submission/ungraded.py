"""Find names that a solution uses, but that only ungraded cells define, by reading the code."""

from __future__ import annotations

import builtins
import re
import symtable
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence

from nbformat import NotebookNode

from autograder.notebooks.exercises import grade_id, is_setup, is_solution_code
from autograder.submission.cells import SubmittedCell
from autograder.submission.record import Remark, RemarkKind
from autograder.submission.refusal import listed, shown

MAX_CODE = 50_000  # characters; longer code is not parsed
MAX_ALL = 10 * MAX_CODE  # characters of all cells searched
MAX_REMARKS = 10
GIVEN = {
    "__name__",
    "display",
    "get_ipython",
    "In",
    "Out",
    "_",
}  # names that a notebook has without an import
UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
MAGIC = re.compile(r"^([ \t]*)[%!].*$", re.MULTILINE)


def ungraded_definitions(
    cells: Sequence[SubmittedCell], texts: Mapping[str, str], source: NotebookNode
) -> Iterator[Remark]:
    """Yield a remark for each name that a solution cell uses, but that only an ungraded cell defines.

    Args:
        cells: the submitted cells.
        texts: the text of the submitted solution cells, by grade id; no other submitted cell is run.
        source: the lecture's complete notebook; its setup cell is also run.
    """
    for name, where, users in definitions_outside(cells, texts, source)[:MAX_REMARKS]:
        name, users = shown(name)[1:-1], listed(users)
        where = f"a cell that is not graded (cell {where})"
        message = f"solution cell {users} uses {name}, which is defined in {where}"
        advice = f"{name} is defined in {where}; define it inside the solution cell {users}."
        yield Remark(RemarkKind.NOTE, message, advice)
    for name, where, home in _answers_elsewhere(cells, source):
        message = f"{name} is defined in cell {where}, which is not graded; only solution cell {home} counts"
        advice = (
            f"You define {name} in cell {where}, which is not graded: move it into the solution cell {home}."
        )
        yield Remark(RemarkKind.NOTE, message, advice)


def _answers_elsewhere(
    cells: Iterable[SubmittedCell], source: NotebookNode
) -> Iterator[tuple[str, int, str]]:
    """Yield each exercise's function that another cell defines, the number of that cell, and the solution cell."""
    solutions = [cell for cell in source.cells if is_solution_code(cell)]
    home = {name: grade_id(cell) for cell in solutions for name in names(cell.source)[0]}
    definition = re.compile(r"^(?:async +)?def +(\w+)", re.MULTILINE)
    seen = set()
    for cell in cells:
        if cell.kind == "code" and cell.text is not None and cell.grade_id not in home.values():
            for name in home.keys() & set(definition.findall(cell.text)) - seen:
                seen.add(name)
                yield name, cell.number, home[name]


def definitions_outside(
    cells: Sequence[SubmittedCell], texts: Mapping[str, str], source: NotebookNode
) -> list[tuple[str, int, list[str]]]:
    """Return each name that only an ungraded cell defines, the cell's number, and the solution cells that use it."""
    known = set(dir(builtins)) | GIVEN
    users: dict[str, list[str]] = {}
    for solution, text in texts.items():
        defined, used = names(text)
        known |= defined
        for name in sorted(used):
            users.setdefault(name, []).append(solution)
    for cell in source.cells:
        known |= names(cell.source)[0] if is_setup(cell) else set()
    wanted = users.keys() - known
    return [(name, number, users[name]) for name, number in _found(wanted, cells, texts)]


def _found(
    wanted: set[str], cells: Iterable[SubmittedCell], texts: Mapping[str, str]
) -> Iterator[tuple[str, int]]:
    """Yield the wanted names that an ungraded cell defines, each with the cell's number."""
    left, characters = set(wanted), 0
    for cell in cells:
        if cell.kind != "code" or cell.grade_id in texts or cell.text is None:
            continue
        characters += len(cell.text)
        if not left or characters > MAX_ALL:
            return
        here = left & names(cell.text)[0]
        left -= here
        yield from ((name, cell.number) for name in sorted(here))


def names(code: str) -> tuple[set[str], set[str]]:
    """Return the names that a cell's code defines at its top level, and the global names that it uses.

    Code that cannot be parsed has none; running it reports the error.
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
    return defined, used


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
