"""Run a notebook's visible checks in a fresh kernel, before it is handed in."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_raw_cell
from nbgrader.utils import is_solution

from autograder.judge.executor import NOT_RUN, NOT_RUN_BECAUSE, CellError, Executor, Limits
from autograder.notebooks.course import CourseError
from autograder.notebooks.exercises import SETUP_TAG, exercise_of, grade_id, is_hidden, is_test
from autograder.submission.cells import SubmittedCell, cells_of
from autograder.submission.files import parse, read_file
from autograder.submission.grading import grade
from autograder.submission.record import Remark, RemarkKind, TestRecord
from autograder.submission.refusal import Refused, listed
from autograder.submission.submission import doubled
from autograder.submission.tampering import is_of_a_release, retyped_advice
from autograder.submission.ungraded import ungraded_definitions
from autograder.tables import table

LONGEST_MESSAGE = 160  # characters in the table
LATER = "later"
SELF_EXPLANATORY = (NOT_RUN, "CellTimeout", "ExerciseTimeout", "NotebookTimeout", "ProcessDied")


@dataclass(frozen=True)
class Check:
    """A test cell and its result.

    Attributes:
        exercise: the exercise that it belongs to.
        name: the cell's id.
        points: the maximum points.
        earned: the points earned; 0 if hidden.
        hidden: whether it runs only after handing in.
        message: the mistake, or the title of a hidden check.
    """

    exercise: str
    name: str
    points: float
    earned: float = 0.0
    hidden: bool = False
    message: str = ""

    @property
    def passes(self) -> bool:
        """Return whether the check gives all its points; False if it is hidden, because its result is unknown."""
        return not self.hidden and self.earned == self.points


@dataclass(frozen=True)
class Report:
    """All checks of a notebook, in order, and remarks on its other cells."""

    checks: tuple[Check, ...]
    remarks: tuple[str, ...] = ()

    @property
    def visible(self) -> list[Check]:
        """The checks that were run."""
        return [check for check in self.checks if not check.hidden]

    def text(self) -> str:
        """Return a table, the remarks, and the points."""
        rows = [[one.exercise, _short(one), one.points, _verdict(one)] for one in self.checks]
        parts = [table(["exercise", "check", "points", "result"], rows), *self.remarks]
        earned, points = (sum(getattr(c, name) for c in self.visible) for name in ("earned", "points"))
        hidden = sum(check.points for check in self.checks if check.hidden)
        passed = sum(check.passes for check in self.visible)
        result = f"{passed} of {len(self.visible)} checks pass: {earned:g} of {points:g} points"
        later = f"; {hidden:g} more points are checked after you hand in" if hidden else ""
        return "\n".join([*parts, f"{result}{later}."])

    def json(self) -> str:
        """Return the report as JSON, for scripts."""
        checks = [asdict(check) | {"passes": check.passes} for check in self.checks]
        return json.dumps({"checks": checks, "remarks": self.remarks}, indent=1)


def check(path: Path, executor: Executor, limits: Limits | None = None) -> Report:
    """Run the setup cell, the solutions and the visible test cells of a student's notebook; the file is only read.

    Args:
        path: a lecture's notebook, as released or with answers.
        executor: the executor that runs the cells.
        limits: the limits on time and output.

    Raises:
        CourseError: if the file is not a notebook, or has no visible test cell.
    """
    if not path.exists():
        raise CourseError(f"the notebook {path} does not exist")
    try:
        content, remarks = parse(read_file(path), path)
    except Refused as refusal:
        raise CourseError((refusal.for_student or refusal.message).rstrip(".")) from None
    cells = list(cells_of(content))
    notebook = _runnable(cells)
    tests = [cell for cell in notebook.cells if is_test(cell)]
    visible = [cell for cell in notebook.cells if not (is_test(cell) and is_hidden(cell))]
    if not any(is_test(cell) for cell in visible):
        raise CourseError(f"{path.name} has no checks: is it the notebook of a lecture?")
    grades = grade(new_notebook(cells=visible), executor, limits=limits)
    results = {record.grade_id: record for one in grades.values() for record in one.cells}
    remarks += _remarks(cells, notebook)
    return Report(
        tuple(_check(cell, results) for cell in tests),
        tuple(remark.for_student for remark in remarks if remark.for_student),
    )


def _runnable(cells: Iterable[SubmittedCell]) -> NotebookNode:
    """Return a notebook with the setup, solution and test cells, of each name the first, and only the needed metadata.

    Every other cell is replaced by an empty one, so that cell numbers do not change.
    """
    kept, names = [], set()
    for cell in cells:
        role = _role(cell)
        if cell.text is not None and role is not None and cell.grade_id not in names:
            names.add(cell.grade_id)
            kept.append(new_code_cell(cell.text, metadata={"nbgrader": role}))
        elif cell.text is not None and role is None and cell.setup and cell.kind == "code":
            kept.append(new_code_cell(cell.text, metadata={"tags": [SETUP_TAG]}))
        else:
            kept.append(new_raw_cell())
    return new_notebook(cells=kept)


def _role(cell: SubmittedCell) -> dict | None:
    """Return the metadata of a solution or test cell, else None; a solution cell of any type counts as code."""
    solution, graded = cell.role.get("solution") is True, cell.role.get("grade") is True
    if not cell.grade_id or solution == graded or (graded and cell.kind != "code"):
        return None
    points = cell.role.get("points")
    sound = type(points) in (int, float) and math.isfinite(points) and points >= 0
    return {
        "grade_id": cell.grade_id,
        "grade": graded,
        "solution": solution,
        "points": points if graded and sound else 0,
    }


def _remarks(cells: Sequence[SubmittedCell], notebook: NotebookNode) -> Iterator[Remark]:
    solutions = [cell for cell in notebook.cells if is_solution(cell)]
    texts = {grade_id(cell): cell.source for cell in solutions}
    yield from doubled(cells, {grade_id(cell) for cell in notebook.cells} - {""})
    yield from ungraded_definitions(cells, texts, notebook)
    tests = [cell for cell in cells if cell.role.get("grade") is True and not cell.role.get("solution")]
    edited = [c.grade_id for c in tests if c.grade_id and "checksum" in c.role and not is_of_a_release(c)]
    if edited:
        advice = f"In your notebook, {listed(edited)} differ from the released cells; grading runs the released ones."
        yield Remark(RemarkKind.NOTE, advice, advice)
    retyped = [cell.grade_id for cell in cells if cell.grade_id in texts and cell.kind != "code"]
    if retyped:
        advice = retyped_advice(retyped)
        yield Remark(RemarkKind.NOTE, advice, advice)


def _check(cell: NotebookNode, results: Mapping[str, TestRecord]) -> Check:
    name, points = grade_id(cell), float(cell.metadata.nbgrader.points)
    if is_hidden(cell):
        about = [line.lstrip("# ") for line in cell.source.splitlines() if line.startswith("#")]
        return Check(exercise_of(cell), name, points, hidden=True, message=about[0] if about else "")
    record = results[name]
    message = "" if record.error is None else _message(record.error)
    return Check(record.exercise, name, points, record.earned, message=message)


def _message(error: CellError) -> str:
    if error.name == "NotImplementedError" and not error.message:
        return "not written yet"
    first = next((line for line in error.message.splitlines() if line.strip()), "")
    first = first.removeprefix(NOT_RUN_BECAUSE)
    if error.by_check or error.name in SELF_EXPLANATORY:
        return first
    return f"{error.name}: {first}" if first else error.name


def _short(one: Check) -> str:
    return one.name.removeprefix(f"{one.exercise}_") or one.name


def _verdict(one: Check) -> str:
    if one.hidden:
        text = f"{LATER}: {one.message}" if one.message else LATER
    elif one.passes:
        text = "passes"
    else:
        text = f"FAILS: {one.message}" if one.message else "FAILS"
        text = f"{one.earned:g} points: {one.message}" if one.earned else text
    printable = "".join(char if char.isprintable() else " " for char in text)
    return printable if len(printable) <= LONGEST_MESSAGE else f"{printable[: LONGEST_MESSAGE - 1]}…"
