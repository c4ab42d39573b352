"""Run the cells of one submission, in two passes.

Each pass has its own student process. The first pass runs the setup, solution and visible test cells. Everything that a
student is shown comes from this pass, and its process never sees an input of a hidden test. The second pass runs the
hidden test cells; only points and the hints of the tests' authors come out of it. Within a pass,
:mod:`autograder.judge.ledger` decides the effects of a bad cell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from time import monotonic
from types import ModuleType
from typing import Any

from autograder.judge.check_process import CheckProcess
from autograder.judge.executor import Cell, CellError, CellResult, Limits
from autograder.judge.ledger import Ledger
from autograder.judge.reply import StudentEnded
from autograder.judge.student_process import Student


class NotebookRun:
    """Runs the cells of one submission.

    Args:
        start: a function that starts a student's process.
        namespace: the names that the setup cell defines, on the judge's side.
        limits: the resources that the submission may use.
        seed: the seed of the inputs that the checks draw; None for the fixed inputs.
        modules: the modules that test cells can import, by name; student processes do not have them.
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
        self.ledger = Ledger(limits)
        self.answers: dict[str, str] = {}  # text of the solution cells, by exercise
        self.peak_bytes = 0

    def run(self, cells: Sequence[Cell]) -> list[CellResult]:
        """Run the cells and return one result per cell, in order."""
        self.answers = {cell.exercise: cell.source for cell in cells if cell.kind == "solution"}
        results: dict[int, CellResult] = {}
        try:
            for hidden in (False, True):
                if hidden and not any(cell.hidden for cell in cells):
                    break
                for index, cell in enumerate(cells):
                    # A solution cell's result is that of the first pass, which has not seen a hidden test.
                    if cell.kind != "test" or cell.hidden == hidden:
                        results.setdefault(index, self._run_cell(cell))
                self._end_process()
                self.ledger.to_repeat.clear()
        finally:
            self._end_process()
        last = len(cells) - 1
        return [
            replace(results[i], memory_bytes=self.peak_bytes) if i == last else results[i]
            for i in range(last + 1)
        ]

    def _run_cell(self, cell: Cell) -> CellResult:
        refusal = self.ledger.refusal(cell)
        if refusal is not None:
            return CellResult(error=refusal)
        is_new = self.student is None
        student = self.student = self.student or self.start()
        began = monotonic()  # starting a process does not count, repeating the submission's cells does
        try:
            for earlier in self.ledger.to_repeat if is_new else []:
                self._run_in_student(student, earlier, self.limits.cell_seconds)
            result, usable = self._carry_out(cell, student)
        except StudentEnded as ended:
            result, usable = CellResult(error=ended.error, seconds=monotonic() - began), False
        seconds = monotonic() - began
        if not usable:
            result = replace(result, error=self._end_failed_process(result.error))
        self.ledger.record(cell, result.error, seconds, process_ended=not usable)
        return result

    def _carry_out(self, cell: Cell, student: Student) -> tuple[CellResult, bool]:
        seconds = self.ledger.seconds_for(cell)
        if cell.kind == "test":
            if self.tests is None:
                self.tests = CheckProcess(self.namespace, student, self.seed, self.modules)
            return self.tests.run(cell, seconds, self.answers.get(cell.exercise, ""))
        return self._run_in_student(student, cell, seconds), True

    def _run_in_student(self, student: Student, cell: Cell, seconds: float) -> CellResult:
        began = monotonic()
        student.allow(seconds)
        reply = student.ask({"do": "run", "source": cell.source})
        outputs = reply.outputs(self.limits.output_characters)
        return CellResult(outputs, reply.error, monotonic() - began)

    def _end_failed_process(self, error: CellError) -> CellError:
        """Stop the process and return the cell's error, or, if the process had already ended, the reason for that."""
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
