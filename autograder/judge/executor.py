"""Running the cells of a notebook: the one interface behind which a judge stands.

An :class:`Executor` takes the cells that grading needs, in order, and returns what each printed and how it failed;
:mod:`autograder.submission.grading` turns that into points. Grading uses :class:`autograder.judge.pool.JudgePool`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

CellKind = Literal["module", "setup", "solution", "test", "demonstration"]


class ExecutorError(Exception):
    """Cells could not be run at all; the message is one sentence for a person."""


@dataclass(frozen=True)
class Cell:
    """A code cell to run. Those of one exercise stand and fall together, see :mod:`autograder.judge.notebook`.

    One of kind ``module`` is no cell of the notebook but the text of a module, by its name, which only test cells
    can import: a lecture's hidden checks.
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
    """What a submission may use.

    Attributes:
        cell_seconds: wall-clock time of one cell.
        exercise_seconds: wall-clock time of an exercise's cells together.
        notebook_seconds: wall-clock time of the whole notebook.
        output_characters: of one cell; the rest is cut.
        memory_bytes: beyond what the libraries take.
        disk_bytes: in the student's temporary folder.
        threads: at a time; a submission cannot start processes.
        result_bytes: size of what one call is given, and of what it returns.
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


@dataclass(frozen=True)
class CellError:
    """An exception's class name, message and printed traceback.

    Attributes:
        hint: what may be told of a failed check even where its test is hidden: words of the course's
            authors, none of which come from the submission or from a test's inputs.
    """

    name: str
    message: str
    traceback: tuple[str, ...] = ()
    hint: str = ""

    @property
    def by_check(self) -> bool:
        """Return whether a check found the answer wrong, rather than the answer's own code raising an exception."""
        return self.name in CHECK_FAILURES

    def __str__(self) -> str:
        return f"{self.name}: {self.message}" if self.message else self.name


@dataclass(frozen=True)
class CellResult:
    """What one cell did.

    Attributes:
        outputs: in nbformat's form.
        error: None if there was none.
        seconds: wall-clock time.
        memory_bytes: peak memory.
        library: of a test cell, how the answer relates to the library's own version of the exercise: sentences about
            the answer, such as "calls dgm_helpers.objectives.gradient_estimators.score"; empty if it does not.
    """

    outputs: list[dict] = field(default_factory=list)
    error: CellError | None = None
    seconds: float = 0.0
    memory_bytes: int = 0
    library: tuple[str, ...] = ()


class Executor(Protocol):
    """Runs the cells of notebooks, each in interpreters of its own. Safe to call from several threads."""

    def run(self, cells: Sequence[Cell], limits: Limits, seed: int | None = None) -> list[CellResult]:
        """Run the cells in order and return one result for each.

        Args:
            cells: set-up, solution and test cells in the notebook's order.
            limits: bounds on time and output.
            seed: value of ``DGM_CHECK_SEED``, from which the checks draw their inputs;
                None for the fixed inputs that a student's notebook has.
        """
        ...

    def close(self) -> None:
        """End what was started."""
        ...
