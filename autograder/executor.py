"""Running the cells of a notebook: the one interface behind which a judge stands.

An :class:`Executor` takes the cells that grading needs, in order, and returns what each printed
and how it failed. What nbgrader makes of that is :mod:`autograder.grading`'s matter.

:class:`ForkExecutor` **is no sandbox**. It keeps submissions apart from each other and from this
process, bounds their time and their output, and survives a cell that crashes or hangs. It does not keep
a submission from reading files, using the network, or looking at the tests that run beside it. Use
it for code that you trust as much as your own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Literal, Protocol

CellKind = Literal["setup", "solution", "test", "demonstration"]


class ExecutorError(Exception):
    """Cells could not be run at all; the message is one sentence for a person."""


@dataclass(frozen=True)
class Cell:
    """A code cell to run. Cells of one exercise stand and fall together, see :func:`run_cells`."""

    id: str
    source: str
    kind: CellKind
    exercise: str = ""
    hidden: bool = False
    points: float = 0.0


MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What a submission may use.

    Attributes:
        cell_seconds: wall-clock time of one cell.
        exercise_seconds: wall-clock time of an exercise's cells together.
        notebook_seconds: wall-clock time of the whole notebook.
        output_characters: of one cell; the rest is cut.
        memory_bytes: of all the student's processes together, beyond what the libraries take.
        disk_bytes: in the student's temporary folder.
        processes: processes and threads at a time.
        result_bytes: size of one result that a function returns.
    """

    cell_seconds: float = 30.0
    exercise_seconds: float = 60.0
    notebook_seconds: float = 300.0
    output_characters: int = 100_000
    memory_bytes: int = 2048 * MIB
    disk_bytes: int = 64 * MIB
    processes: int = 64
    result_bytes: int = 256 * MIB


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

    def __str__(self) -> str:
        return f"{self.name}: {self.message}" if self.message else self.name


@dataclass(frozen=True)
class CellResult:
    """What one cell did: outputs in nbformat's form, the error or None, wall-clock seconds, peak memory."""

    outputs: list[dict] = field(default_factory=list)
    error: CellError | None = None
    seconds: float = 0.0
    memory_bytes: int = 0


class Executor(Protocol):
    """Runs the cells of one notebook in a fresh interpreter. Safe to call from several threads."""

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


class SessionEnded(Exception):
    """The interpreter is gone: it died, or was ended because a cell took too long."""

    def __init__(self, error: CellError, seconds: float) -> None:
        super().__init__(str(error))
        self.error = error
        self.seconds = seconds


class Session(Protocol):
    """One fresh interpreter, in which cells run one after the other."""

    def run(self, source: str, seconds: float) -> CellResult:
        """Run a cell within this many seconds; raises :class:`SessionEnded`."""
        ...

    def close(self) -> None:
        """End the interpreter and everything that it started."""
        ...


def run_cells(start: Callable[[], Session], cells: Sequence[Cell], limits: Limits) -> list[CellResult]:
    """Run cells so that one bad cell costs its own exercise and nothing else.

    - A set-up cell that fails fails every cell after it, since all of them rely on it.
    - A solution cell that raises fails the test cells of its exercise; these are not run.
    - A cell that dies or takes too long fails the rest of its exercise; the other exercises go on in a new
      interpreter, which first repeats the set-up and the earlier solution cells.
    - When the notebook's time is used up, what is left fails.
    """
    return _NotebookRun(start, limits).run(cells)


class _NotebookRun:
    def __init__(self, start: Callable[[], Session], limits: Limits) -> None:
        self.start, self.limits = start, limits
        self.session: Session | None = None
        self.to_repeat: list[Cell] = []
        self.failed: dict[str, CellError] = {}  # by exercise; "" (the set-up) fails all of them
        self.deadline: float | None = None  # from the first cell on: starting up is not the notebook's fault

    def run(self, cells: Sequence[Cell]) -> list[CellResult]:
        try:
            return [self._run_cell(cell) for cell in cells]
        finally:
            self._end_session()

    def _run_cell(self, cell: Cell) -> CellResult:
        reason = self.failed.get("") or self.failed.get(cell.exercise)
        if reason is not None:
            return CellResult(error=reason)
        if self._seconds_left() <= 0:
            total = f"the notebook's limit of {self.limits.notebook_seconds:g} s was used up before this cell"
            return CellResult(error=CellError("NotebookTimeout", total))
        try:
            session = self._current_session()
            result = session.run(cell.source, self._seconds_for_a_cell())
        except SessionEnded as ended:
            self._end_session()
            self._fail(cell, ended.error)
            return CellResult(error=ended.error, seconds=ended.seconds)
        if cell.kind in ("setup", "solution"):
            if result.error is None:
                self.to_repeat.append(cell)
            else:
                self._fail(cell, result.error)
        return result

    def _fail(self, cell: Cell, error: CellError) -> None:
        part = "set-up" if cell.kind == "setup" else cell.kind
        self.failed[cell.exercise] = CellError(
            "NotRun", f"this cell was not run, because the {part} cell {cell.id} failed with {error}"
        )

    def _current_session(self) -> Session:
        if self.session is None:
            self.session = self.start()
            for cell in self.to_repeat:
                self.session.run(cell.source, self._seconds_for_a_cell())
        return self.session

    def _seconds_left(self) -> float:
        if self.session is None and self.deadline is None:
            return self.limits.notebook_seconds
        if self.deadline is None:
            self.deadline = monotonic() + self.limits.notebook_seconds
        return max(self.deadline - monotonic(), 0.0)

    def _seconds_for_a_cell(self) -> float:
        return min(self._seconds_left(), self.limits.cell_seconds)

    def _end_session(self) -> None:
        if self.session is not None:
            self.session.close()
            self.session = None
