"""The interface of everything that runs the cells of a notebook.

An :class:`Executor` takes the cells that grading needs, in order, and returns the outputs and the error of each;
:mod:`autograder.submission.grading` turns these into points. Grading uses :class:`autograder.judge.pool.JudgePool`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

CellKind = Literal["module", "setup", "solution", "test", "demonstration"]


class ExecutorError(Exception):
    """Cells could not be run at all; the message is one sentence for the user."""


@dataclass(frozen=True)
class Cell:
    """A code cell to run. :mod:`autograder.judge.ledger` decides the effects of a failed cell.

    A cell of kind ``module`` is not in the notebook. It contains the text of a module named ``id`` that only test
    cells can import, such as a lecture's hidden checks.
    """

    id: str
    source: str
    kind: CellKind
    exercise: str = ""
    hidden: bool = False
    points: float = 0.0


MIB = 1 << 20
LIBRARY_ANSWERS = ("refuse", "report")
CHECK_FAILURES = ("CheckFailed", "LibraryAnswer")  # classes of dgm_helpers.checks


@dataclass(frozen=True)
class Limits:
    """The resources that a submission may use.

    Attributes:
        cell_seconds: wall-clock time per cell.
        exercise_seconds: wall-clock time per exercise.
        notebook_seconds: wall-clock time per notebook.
        output_characters: length of the output per cell; the rest is cut.
        memory_bytes: memory, in addition to that of the libraries.
        disk_bytes: size of the student's temporary folder.
        threads: number of threads at a time; a submission cannot start processes.
        result_bytes: size of the arguments, and of the result, of one call.
        library_answers: whether an answer that calls the library's own version of its exercise earns nothing
            ("refuse"), or is only listed for the instructor ("report").
    """

    cell_seconds: float = 30.0
    exercise_seconds: float = 60.0
    notebook_seconds: float = 300.0
    output_characters: int = 100_000
    memory_bytes: int = 2048 * MIB
    disk_bytes: int = 64 * MIB
    threads: int = 64
    result_bytes: int = 64 * MIB
    library_answers: Literal["refuse", "report"] = "refuse"

    def lengthened(self) -> Limits:
        """Return limits in which an exercise has at least the time of a cell, and a notebook that of an exercise."""
        exercise = max(self.exercise_seconds, self.cell_seconds)
        return replace(self, exercise_seconds=exercise, notebook_seconds=max(self.notebook_seconds, exercise))


@dataclass(frozen=True)
class CellError:
    """An exception's class name, message and printed traceback.

    Attributes:
        hint: a text about a failed check that may be shown even if its test is hidden. The course's authors wrote it;
            it contains nothing from the submission or from a test's inputs.
    """

    name: str
    message: str
    traceback: tuple[str, ...] = ()
    hint: str = ""

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> CellError:
        """Return the error with these fields, read from JSON, which turns the tuple into a list."""
        return cls(**{**data, "traceback": tuple(data["traceback"])})

    @property
    def by_check(self) -> bool:
        """Whether a check refused the answer, as opposed to the answer's own code raising an exception."""
        return self.name in CHECK_FAILURES

    def __str__(self) -> str:
        return f"{self.name}: {self.message}" if self.message else self.name


NOT_RUN, NOT_RUN_BECAUSE = "NotRun", "this cell was not run, because "


def not_run(reason: str) -> CellError:
    """Return the error of a cell that was not run."""
    return CellError(NOT_RUN, NOT_RUN_BECAUSE + reason)


def timed_out(seconds: float) -> CellError:
    """Return the error of a cell that exceeded its time limit."""
    return CellError("CellTimeout", f"the cell did not end within {seconds:.3g} s")


@dataclass(frozen=True)
class CellResult:
    """The result of one cell.

    Attributes:
        outputs: the outputs, in nbformat's form.
        error: the error; None if there was none.
        seconds: wall-clock time.
        memory_bytes: peak memory.
        library: for a test cell, how the answer uses the library's own version of the exercise: sentences such as
            "calls dgm_helpers.objectives.gradient_estimators.score"; empty if it does not.
    """

    outputs: list[dict] = field(default_factory=list)
    error: CellError | None = None
    seconds: float = 0.0
    memory_bytes: int = 0
    library: tuple[str, ...] = ()


class Executor(Protocol):
    """Runs the cells of notebooks, each notebook in separate interpreters. Safe to call from several threads."""

    def run(self, cells: Sequence[Cell], limits: Limits, seed: int | None = None) -> list[CellResult]:
        """Run the cells in order and return one result per cell.

        Args:
            cells: setup, solution and test cells in the notebook's order.
            limits: the limits on time, memory and output.
            seed: the value of ``DGM_CHECK_SEED``, the seed of the inputs that the checks draw; None for the fixed
                inputs of a student's notebook.
        """
        ...

    def close(self) -> None:
        """Stop all processes that were started."""
        ...
