"""The exercises of a notebook: its solution cells, and the test cells that give points."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass, field

from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_solution

SETUP_TAG = "setup"
TEST_ID = re.compile(r"(?P<exercise>.+?)_(?P<kind>visible|hidden)(_\d+)?")
HIDDEN_BEGIN, HIDDEN_END = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
SOLUTION_BEGIN, SOLUTION_END = "### BEGIN SOLUTION", "### END SOLUTION"


@dataclass
class Exercise:
    """One exercise: the cell that the student writes in, and the cells that test it."""

    name: str
    solution: NotebookNode | None = None
    tests: list[NotebookNode] = field(default_factory=list)

    @property
    def points(self) -> float:
        """Points of all test cells."""
        return sum(float(cell.metadata.nbgrader.get("points", 0)) for cell in self.tests)


def grade_id(cell: NotebookNode) -> str:
    """Return nbgrader's name of a cell, or an empty string if it has none."""
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def exercise_of(cell: NotebookNode) -> str:
    """Return the name of the exercise that a solution or test cell belongs to.

    A test cell's id is the exercise's name, then ``_visible`` or ``_hidden``, then optionally a number.
    """
    name = grade_id(cell)
    match = TEST_ID.fullmatch(name)
    return match["exercise"] if match else name


def is_setup(cell: NotebookNode) -> bool:
    """Return whether this is the setup cell, on whose imports every other cell relies."""
    return cell.cell_type == "code" and SETUP_TAG in cell.metadata.get("tags", [])


def is_test(cell: NotebookNode) -> bool:
    """Return whether this is a test cell, whose outputs give points."""
    return cell.cell_type == "code" and is_grade(cell) and not is_solution(cell)


def is_solution_code(cell: NotebookNode) -> bool:
    """Return whether this is a code cell that the student writes in."""
    return cell.cell_type == "code" and is_solution(cell)


def is_hidden(cell: NotebookNode) -> bool:
    """Return whether a test cell is hidden from the student, by its id or by a hidden region."""
    match = TEST_ID.fullmatch(grade_id(cell))
    return bool(match and match["kind"] == "hidden") or HIDDEN_BEGIN in cell.source


def exercises(notebook: NotebookNode) -> dict[str, Exercise]:
    """Return the exercises of a notebook by name, in the order of their first cell."""
    found: dict[str, Exercise] = {}
    for cell in notebook.cells:
        if not (is_test(cell) or is_solution_code(cell)):
            continue
        exercise = found.setdefault(exercise_of(cell), Exercise(exercise_of(cell)))
        if is_test(cell):
            exercise.tests.append(cell)
        else:
            exercise.solution = cell
    return found


def regions(source: str, begin: str, end: str) -> list[str]:
    """Return the text between each pair of marker lines."""
    pattern = rf"^[^\n]*{re.escape(begin)}[^\n]*\n(.*?)^[^\n]*{re.escape(end)}"
    return re.findall(pattern, source, flags=re.DOTALL | re.MULTILINE)


def without_hidden_tests(source: str) -> str:
    """Return a test cell's text as a student may see it: without the hidden regions."""
    kept, inside = [], False
    for line in source.split("\n"):
        if HIDDEN_BEGIN in line:
            inside = True
        elif HIDDEN_END in line:
            inside = False
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


def parsed(source: str) -> ast.Module:
    """Parse a cell's code; invalid code counts as empty, because running it reports the error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about invalid escapes in a student's text
            return ast.parse(source)
    except (
        SyntaxError,
        ValueError,
        RecursionError,
        MemoryError,
    ):  # including NUL bytes and very deep nesting
        return ast.Module(body=[], type_ignores=[])
