"""From the outputs of cells to points, by nbgrader's own rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import determine_grade

from autograder.executor import Cell, CellError, CellResult, Executor, Limits
from autograder.exercises import (
    exercise_of,
    grade_id,
    is_hidden,
    is_setup,
    is_solution_code,
    is_test,
)

NO_SETUP = CellError("SetUpMissing", "the notebook has no set-up cell (a code cell tagged 'setup')")


@dataclass(frozen=True)
class CellGrade:
    """Points of one test cell."""

    grade_id: str
    hidden: bool
    earned: float
    points: float
    error: CellError | None
    seconds: float


@dataclass
class ExerciseGrade:
    """Points of one exercise, cell by cell."""

    name: str
    cells: list[CellGrade] = field(default_factory=list)
    solution_error: CellError | None = None

    @property
    def earned(self) -> float:
        """Points earned in all test cells together."""
        return sum(cell.earned for cell in self.cells)

    @property
    def points(self) -> float:
        """Points that can be earned."""
        return sum(cell.points for cell in self.cells)

    @property
    def full(self) -> bool:
        """Whether every test cell gives all its points."""
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
    """Grade a notebook, with some solution cells replaced, and return the exercises by name.

    Args:
        notebook: with its hidden tests; it is left as it is.
        executor: runs the cells.
        answers: text of the solution cell, by exercise, where it shall differ from the notebook's.
        limits: bounds on time and output.
        seed: seed of the inputs that the checks draw; None for the fixed ones.
        only: names of the exercises to run and grade; all of them if None.
    """
    notebook = deepcopy(notebook)
    for cell in notebook.cells:
        if is_solution_code(cell):
            cell.source = (answers or {}).get(exercise_of(cell), cell.source)
    results = execute(notebook, executor, limits=limits, seed=seed, only=only)
    grades: dict[str, ExerciseGrade] = {}
    for cell, result in results:
        if is_setup(cell):
            continue
        exercise = grades.setdefault(exercise_of(cell), ExerciseGrade(exercise_of(cell)))
        if is_test(cell):
            earned, points = determine_grade(cell)
            exercise.cells.append(
                CellGrade(grade_id(cell), is_hidden(cell), earned, points, result.error, result.seconds)
            )
        else:
            exercise.solution_error = result.error
    return grades


def execute(
    notebook: NotebookNode,
    executor: Executor,
    *,
    limits: Limits | None = None,
    seed: int | None = None,
    only: set[str] | None = None,
) -> list[tuple[NotebookNode, CellResult]]:
    """Run the set-up, solution and test cells and put what they did into their outputs.

    Demonstrations and experiments are left out: no test relies on them, and they train models.

    Returns:
        The cells that were run, each with its result, in the notebook's order.
    """
    nodes, cells = [], []
    for node, cell in _graded_cells(notebook):
        if cell.kind == "setup" or only is None or cell.exercise in only:
            nodes.append(node)
            cells.append(cell)
    if any(cell.kind == "setup" for cell in cells):
        results = executor.run(cells, limits or Limits(), seed)
    else:
        results = [CellResult(error=NO_SETUP) for _ in cells]
    for node, result in zip(nodes, results, strict=True):
        node.outputs = notebook_outputs(node, result)
    return list(zip(nodes, results, strict=True))


def _graded_cells(notebook: NotebookNode) -> Iterator[tuple[NotebookNode, Cell]]:
    for index, node in enumerate(notebook.cells):
        if is_setup(node):
            yield node, Cell(f"number {index + 1}", node.source, "setup")
        elif is_solution_code(node):
            yield node, Cell(grade_id(node), node.source, "solution", exercise_of(node))
        elif is_test(node):
            yield node, Cell(grade_id(node), node.source, "test", exercise_of(node))


def notebook_outputs(node: NotebookNode, result: CellResult) -> list[NotebookNode]:
    """Return a result as a cell's outputs, such that nbgrader's rule gives the points that are meant.

    nbgrader gives none where anything stands on stderr. A warning is no mistake, so stderr is
    filed as stdout. A test cell's value is partial credit; one that is no number
    from 0 to the cell's points becomes an error, where nbgrader would give full points or stop.
    """
    outputs = [nbformat.from_dict(output) for output in deepcopy(result.outputs)]
    error = result.error
    for output in outputs:
        if output.output_type == "stream":
            output.name = "stdout"
        elif output.output_type == "execute_result" and is_test(node) and error is None:
            error = _bad_credit(output, float(node.metadata.nbgrader.points))
            if error is not None:
                output.output_type = "display_data"  # else nbgrader looks at it before the error
                del output["execution_count"]
    if error is not None:
        outputs.append(
            nbformat.v4.new_output(
                "error",
                ename=error.name,
                evalue=error.message,
                traceback=list(error.traceback) or [str(error)],
            )
        )
    return outputs


def _bad_credit(output: NotebookNode, points: float) -> CellError | None:
    text = output.data.get("text/plain", "")
    try:
        valid = 0 <= float(text) <= points
    except ValueError:
        valid = False
    if valid:
        return None
    message = f"the value of a test cell is partial credit, a number from 0 to {points:g}, but this one is {text[:200]}"
    return CellError("PartialCreditError", message)
