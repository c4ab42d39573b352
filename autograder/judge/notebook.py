"""One submission: which cell runs where, and what one bad cell may cost.

There are two passes, each in a student's process of its own. In the first run the set-up, the solution and the visible
test cells: all that a student is shown comes from here, and this process never sees an input of a hidden test. In the
second run the hidden ones; of it only points, and the hints that the tests' authors wrote, come out.

Within a pass a bad cell costs its own exercise and nothing else:

- A set-up cell that fails fails every cell after it, since all of them rely on it.
- A solution cell that raises fails the test cells of its exercise; these are not run.
- A cell whose process dies or takes too long fails the rest of its exercise; the other exercises go on in a new
  process, which first repeats the set-up and the earlier solution cells.
- When an exercise's or the notebook's time is used up, what is left of it fails.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from time import monotonic
from types import ModuleType
from typing import Any

from autograder.judge.check_process import CheckProcess
from autograder.judge.executor import Cell, CellError, CellResult, Limits
from autograder.judge.reply import StudentEnded
from autograder.judge.student_process import Student

SETUP_EXERCISE = ""  # what fails it fails everything


class NotebookRun:
    """Runs the cells of one submission.

    Args:
        start: starts a student's process.
        namespace: what the set-up cell defines, on the judge's side.
        limits: what the submission may use.
        seed: of the inputs that the checks draw; None for the fixed ones.
        modules: modules that test cells can import, by name; no process of the student's holds them.
    """

    def __init__(
        self,
        start: Callable[[], Student],
        namespace: dict[str, Any],
        limits: Limits,
        seed: int | None,
        modules: Mapping[str, ModuleType] | None = None,
    ) -> None:
        self.start, self.namespace, self.limits, self.seed = start, namespace, limits, seed
        self.modules = modules or {}
        self.student: Student | None = None
        self.tests: CheckProcess | None = None
        self.to_repeat: list[Cell] = []
        self.answers: dict[str, str] = {}  # text of the solution cells, by exercise
        self.failed: dict[str, CellError] = {}  # by exercise
        self.spent: dict[str, float] = defaultdict(float)  # seconds, by exercise
        self.peak_bytes = 0

    def run(self, cells: Sequence[Cell]) -> list[CellResult]:
        """Run the cells and return one result for each, in their order."""
        self.answers = {cell.exercise: cell.source for cell in cells if cell.kind == "solution"}
        results: dict[int, CellResult] = {}
        try:
            for hidden in (False, True):
                if hidden and not any(cell.hidden for cell in cells):
                    break
                for index, cell in enumerate(cells):
                    # A solution cell's result is that of the first pass, in which no hidden test has been seen.
                    if cell.kind != "test" or cell.hidden == hidden:
                        results.setdefault(index, self._run_cell(cell))
                self._end_process()
                self.to_repeat = []
        finally:
            self._end_process()
        last = len(cells) - 1
        return [
            replace(results[i], memory_bytes=self.peak_bytes) if i == last else results[i]
            for i in range(last + 1)
        ]

    def _run_cell(self, cell: Cell) -> CellResult:
        reason = self.failed.get(SETUP_EXERCISE) or self.failed.get(cell.exercise)
        if reason is not None:
            return CellResult(error=reason)
        if self._seconds_left(cell) <= 0:
            return CellResult(error=self._out_of_time(cell))
        fresh, self.student = self.student is None, self.student or self.start()
        began = monotonic()  # starting up is not the submission's doing, repeating its cells is
        try:
            for earlier in self.to_repeat if fresh else []:
                self._run_over_there(self.student, earlier, self.limits.cell_seconds)
            result, usable = self._carry_out(cell, self.student)
        except StudentEnded as ended:
            result, usable = CellResult(error=ended.error, seconds=monotonic() - began), False
        self.spent[cell.exercise] += monotonic() - began
        if not usable:
            result = replace(result, error=self._bury(result.error))
            self._fail(cell, result.error)
        elif cell.kind != "test":
            if result.error is None:
                self.to_repeat.append(cell)
            else:
                self._fail(cell, result.error)
        return result

    def _carry_out(self, cell: Cell, student: Student) -> tuple[CellResult, bool]:
        seconds = min(self.limits.cell_seconds, self._seconds_left(cell))
        if cell.kind == "test":
            if self.tests is None:
                self.tests = CheckProcess(self.namespace, student, self.seed, self.modules)
            return self.tests.run(cell, seconds, self.answers.get(cell.exercise, ""))
        return self._run_over_there(student, cell, seconds), True

    def _run_over_there(self, student: Student, cell: Cell, seconds: float) -> CellResult:
        began = monotonic()
        student.allow(seconds)
        reply = student.ask({"do": "run", "source": cell.source})
        outputs = reply.outputs(self.limits.output_characters)
        return CellResult(outputs, reply.error, monotonic() - began)

    def _bury(self, error: CellError) -> CellError:
        """End the process; if it was gone already, how it ended says more than that it did."""
        self._end_tests()
        student, self.student = self.student, None
        if student is None:
            return error
        how = student.end(died=error.name == "ProcessDied")
        self.peak_bytes = max(self.peak_bytes, student.peak_bytes)
        return how if how is not None and error.name in ("ProcessDied", "ProtocolError") else error

    def _end_tests(self) -> None:
        if self.tests is not None:
            self.tests.end()
            self.tests = None

    def _end_process(self) -> None:
        self._end_tests()
        student, self.student = self.student, None
        if student is not None:
            student.end()
            self.peak_bytes = max(self.peak_bytes, student.peak_bytes)

    def _fail(self, cell: Cell, error: CellError) -> None:
        part = "set-up" if cell.kind == "setup" else cell.kind
        exercise = SETUP_EXERCISE if cell.kind == "setup" else cell.exercise
        self.failed[exercise] = CellError(
            "NotRun", f"this cell was not run, because the {part} cell {cell.id} failed with {error}"
        )

    def _seconds_left(self, cell: Cell) -> float:
        total = self.limits.notebook_seconds - sum(self.spent.values())
        if cell.kind == "setup":  # it belongs to no exercise
            return total
        return min(total, self.limits.exercise_seconds - self.spent[cell.exercise])

    def _out_of_time(self, cell: Cell) -> CellError:
        if self.limits.notebook_seconds <= sum(self.spent.values()):
            limit = f"the notebook's limit of {self.limits.notebook_seconds:g} s"
            return CellError("NotebookTimeout", f"{limit} was used up before this cell")
        limit = f"the exercise's limit of {self.limits.exercise_seconds:g} s"
        return CellError("ExerciseTimeout", f"{limit} was used up before this cell")
