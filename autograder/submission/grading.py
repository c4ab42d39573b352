"""Grade the solution texts of a submission by the cells of the source."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from time import monotonic

from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_solution

from autograder.judge.executor import Cell, CellError, CellResult, Executor, Limits
from autograder.notebooks.course import HIDDEN_CHECKS
from autograder.notebooks.exercises import (
    exercise_of,
    grade_id,
    is_hidden,
    is_setup,
    is_solution_code,
    is_test,
    without_hidden_tests,
)
from autograder.submission.record import Record, Remark, RemarkKind, SolutionRecord, TestRecord
from autograder.submission.submission import Submission
from autograder.submission.version import grader_version

NO_SETUP = CellError("SetUpMissing", "the notebook has no setup cell (a code cell tagged 'setup')")


@dataclass
class ExerciseGrade:
    """The points of one exercise, cell by cell."""

    name: str
    cells: list[TestRecord] = field(default_factory=list)
    solution_error: CellError | None = None

    @property
    def earned(self) -> float:
        """The points earned in all test cells."""
        return sum(cell.earned for cell in self.cells)

    @property
    def points(self) -> float:
        """The maximum points of all test cells."""
        return sum(cell.points for cell in self.cells)

    @property
    def full(self) -> bool:
        """Return whether every test cell gives all its points."""
        return all(cell.earned == cell.points for cell in self.cells)


def grade(
    notebook: NotebookNode,
    executor: Executor,
    answers: Mapping[str, str] | None = None,
    *,
    limits: Limits | None = None,
    seed: int | None = None,
    only: set[str] | None = None,
) -> dict[str, ExerciseGrade]:
    """Grade a source notebook with some solution cells replaced, and return the grades by exercise.

    Args:
        notebook: the source, with its hidden tests; it is not changed.
        executor: the executor that runs the cells.
        answers: the texts that replace solution cells, by exercise.
        limits: the limits on time and output.
        seed: the seed of the inputs that the checks draw; None for the fixed inputs.
        only: the names of the exercises to run and grade; None for all of them.
    """
    written = [cell for cell in notebook.cells if is_solution(cell)]
    texts = {grade_id(cell): (answers or {}).get(exercise_of(cell), cell.source) for cell in written}
    grades: dict[str, ExerciseGrade] = {}
    for node, result in _execute(notebook, texts, executor, limits or Limits(), seed, only):
        exercise = grades.setdefault(exercise_of(node), ExerciseGrade(exercise_of(node)))
        if is_test(node):
            exercise.cells.append(_test_record(node, result))
        else:
            exercise.solution_error = result.error
    return grades


def grade_submission(
    source: NotebookNode,
    submission: Submission,
    executor: Executor,
    *,
    lecture: str,
    seed: int,
    limits: Limits | None = None,
    key: str = "",
) -> Record:
    """Grade a submission by the cells of the source; only the solution texts are taken from the submission.

    Args:
        source: the lecture's complete notebook.
        submission: the submission; if it has a ``failure``, nothing is run.
        executor: the executor that runs the cells.
        lecture: the name of the lecture's folder.
        seed: the seed of the inputs that the checks draw.
        limits: the resources that a submission may use.
        key: the record's key, see :func:`record_key`.
    """
    record = Record(
        submission.student,
        lecture,
        key=key,
        seed=seed,
        remarks=submission.remarks,
        failure=submission.failure,
        failure_for_student=submission.failure_for_student,
    )
    if submission.failure:
        return record
    began = monotonic()
    solutions, tests, memory = [], [], 0
    manual_texts = [cell for cell in source.cells if is_solution(cell) and cell.cell_type != "code"]
    results = list(_execute(source, submission.solutions, executor, limits or Limits(), seed))
    for node, result in results:
        memory = max(memory, result.memory_bytes)
        if is_test(node):
            tests.append(_test_record(node, result))
        else:
            solutions.append(_solution_record(node, submission, result))
    solutions += [_solution_record(node, submission, CellResult()) for node in manual_texts]
    return replace(
        record,
        remarks=(*submission.remarks, *_library_remarks(results)),
        solutions=tuple(solutions),
        tests=tuple(tests),
        seconds=monotonic() - began,
        memory_bytes=memory,
    )


def _library_remarks(results: Sequence[tuple[NotebookNode, CellResult]]) -> Iterator[Remark]:
    """Yield a remark for each exercise whose answer calls or copies the library's own version of it."""
    found: dict[str, list[str]] = {}
    for node, result in results:
        known = found.setdefault(exercise_of(node), [])
        known += [sentence for sentence in result.library if sentence not in known]
    for exercise, sentences in found.items():
        if sentences:
            yield Remark(RemarkKind.LIBRARY, f"the answer to {exercise} {', and '.join(sentences)}")


def record_key(source: str, submission: Submission, limits: Limits) -> str:
    """Return a hash of everything that a grade depends on, except the seed; equal keys are not graded again.

    Args:
        source: the digest of the lecture's source, see :func:`autograder.notebooks.course.source_digest`.
        submission: the submission.
        limits: the resources that it may use.
    """
    parts = [
        source,
        submission.digest,
        json.dumps(asdict(limits)),
        grader_version(),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _execute(
    source: NotebookNode,
    texts: Mapping[str, str],
    executor: Executor,
    limits: Limits,
    seed: int | None,
    only: set[str] | None = None,
) -> Iterator[tuple[NotebookNode, CellResult]]:
    """Run the setup, solution and test cells, and yield the solution and test cells with their results.

    Demonstrations and experiments are omitted: no test relies on them, and they train models.
    """
    nodes, cells = [], []
    for node, cell in _graded_cells(source, texts):
        if cell.kind in ("module", "setup") or only is None or cell.exercise in only:
            nodes.append(node)
            cells.append(cell)
    if any(cell.kind == "setup" for cell in cells):
        results = executor.run(cells, limits, seed)
    else:
        results = [CellResult(error=NO_SETUP) for _ in cells]
    for node, cell, result in zip(nodes, cells, results, strict=True):
        if cell.kind not in ("module", "setup"):
            yield node, result


def _graded_cells(source: NotebookNode, texts: Mapping[str, str]) -> Iterator[tuple[NotebookNode, Cell]]:
    if HIDDEN_CHECKS in source.metadata:
        yield source, Cell(HIDDEN_CHECKS, source.metadata[HIDDEN_CHECKS], "module")
    for index, node in enumerate(source.cells):
        if is_setup(node):
            yield node, Cell(f"number {index + 1}", node.source, "setup")
        elif is_solution_code(node):
            yield node, Cell(grade_id(node), texts.get(grade_id(node), ""), "solution", exercise_of(node))
        elif is_test(node):
            yield (
                node,
                Cell(
                    grade_id(node),
                    node.source,
                    "test",
                    exercise_of(node),
                    is_hidden(node),
                    float(node.metadata.nbgrader.points),
                ),
            )


def _test_record(node: NotebookNode, result: CellResult) -> TestRecord:
    points, hidden = float(node.metadata.nbgrader.points), is_hidden(node)
    shown = without_hidden_tests(node.source).strip()
    earned, error = points if result.error is None else 0.0, result.error
    if error is None and result.outputs and result.outputs[-1]["output_type"] == "execute_result":
        earned, error = _partial_credit(result.outputs[-1]["data"].get("text/plain", ""), points)
    return TestRecord(
        grade_id(node),
        exercise_of(node),
        hidden,
        title=" ".join(line.lstrip("# ") for line in shown.splitlines()) if hidden else "",
        source=shown,
        points=points,
        earned=earned,
        output="" if hidden else _printed(result),
        error=error,
        seconds=result.seconds,
    )


def _printed(result: CellResult) -> str:
    return "".join(out["text"] for out in result.outputs if out["output_type"] == "stream")


def _partial_credit(text: str, points: float) -> tuple[float, CellError | None]:
    """Return the partial credit that a test cell's value gives, or 0 and an error if the value is not valid."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if 0 <= value <= points:
        return value, None
    message = (
        f"the value of a test cell must be partial credit, a number from 0 to {points:g}, got {text[:200]}"
    )
    return 0.0, CellError("PartialCreditError", message)


def _solution_record(node: NotebookNode, submission: Submission, result: CellResult) -> SolutionRecord:
    manual = is_grade(node)
    return SolutionRecord(
        grade_id(node),
        exercise_of(node),
        submission.solutions.get(grade_id(node), ""),
        outputs=tuple(result.outputs),
        error=result.error,
        seconds=result.seconds,
        manual=manual,
        points=float(node.metadata.nbgrader.get("points", 0)) if manual else 0.0,
    )
