"""The account of one notebook's exercises, which makes a bad cell cost only its own exercise.

- A setup cell that fails fails every later cell, because all of them rely on it.
- A solution cell that raises fails the test cells of its exercise; these are not run.
- A cell whose process dies or takes too long fails the rest of its exercise. The other exercises continue in a new
  process, which first repeats the setup and the earlier solution cells.
- When the time of an exercise or of the notebook is used up, the rest of it fails.
"""

from __future__ import annotations

from collections import defaultdict

from autograder.judge.executor import Cell, CellError, Limits, not_run

ALL_EXERCISES = ""  # the key of a failed setup cell


class Ledger:
    """The failed exercises of a notebook, with reasons, and the seconds that each exercise has used.

    Args:
        limits: the limits on the time of a cell, an exercise and the notebook.

    Attributes:
        to_repeat: the cells that a new process must repeat before it continues, in order.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.to_repeat: list[Cell] = []
        self._failures: dict[str, CellError] = {}  # by exercise
        self._seconds: dict[str, float] = defaultdict(float)  # by exercise

    def refusal(self, cell: Cell) -> CellError | None:
        """Return the reason why a cell must not be run, or None if it may be run."""
        failure = self._failures.get(ALL_EXERCISES) or self._failures.get(cell.exercise)
        if failure is not None:
            return failure
        if self._notebook_seconds_left() <= 0:
            return _used_up("Notebook", self.limits.notebook_seconds)
        if self.seconds_for(cell) <= 0:
            return _used_up("Exercise", self.limits.exercise_seconds)
        return None

    def seconds_for(self, cell: Cell) -> float:
        """Return the seconds that a cell may take: the least that is left of the three limits."""
        left = min(self.limits.cell_seconds, self._notebook_seconds_left())
        if cell.kind == "setup":  # a setup cell does not belong to an exercise
            return left
        return min(left, self.limits.exercise_seconds - self._seconds[cell.exercise])

    def record(
        self, cell: Cell, error: CellError | None, seconds: float, *, process_ended: bool = False
    ) -> None:
        """Record how a cell ended.

        Args:
            cell: the cell.
            error: its error, or None if it succeeded.
            seconds: the time to charge its exercise for.
            process_ended: whether later cells need a new process.
        """
        self._seconds[cell.exercise] += seconds
        if error is not None and (process_ended or cell.kind != "test"):
            part = f"{cell.kind} cell {cell.id}"
            exercise = ALL_EXERCISES if cell.kind == "setup" else cell.exercise
            self._failures[exercise] = not_run(f"the {part} failed with {error}")
        elif cell.kind != "test":
            self.to_repeat.append(cell)

    def _notebook_seconds_left(self) -> float:
        return self.limits.notebook_seconds - sum(self._seconds.values())


def _used_up(whole: str, seconds: float) -> CellError:
    message = f"the {whole.lower()}'s limit of {seconds:g} s was used up before this cell"
    return CellError(f"{whole}Timeout", message)
