"""Final points: those of the checks, those that people gave or changed by hand, and the late penalty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from autograder.reports.outline import Outline
from autograder.submission.record import Record

GRADED, WAITING, FAILED = "graded", "waits for manual grading", "could not be graded"


@dataclass(frozen=True)
class ByHand:
    """The gradebook's additions to a record.

    Attributes:
        scores: points that a person gave, by grade id; for a test cell they replace the record's points.
        extra: extra credit, by grade id.
        waiting: grade ids of cells that a person has yet to grade.
        comments: comments by a person, by grade id.
        late_penalty: points subtracted for a late submission, at least 0.
    """

    scores: Mapping[str, float] = field(default_factory=dict)
    extra: Mapping[str, float] = field(default_factory=dict)
    waiting: frozenset[str] = frozenset()
    comments: Mapping[str, str] = field(default_factory=dict)
    late_penalty: float = 0.0


@dataclass(frozen=True)
class CellMark:
    """Points of one cell; ``manual`` if a person gave or will give them."""

    grade_id: str
    exercise: str
    earned: float
    points: float
    manual: bool = False
    waiting: bool = False


@dataclass(frozen=True)
class Marks:
    """The points of one submission.

    Attributes:
        record: the record that the points are computed from.
        outline: the lecture's exercises.
        cells: every cell that gives points.
        by_hand: the gradebook's additions.
    """

    record: Record
    outline: Outline
    cells: tuple[CellMark, ...]
    by_hand: ByHand

    @property
    def raw(self) -> float:
        """Sum over the cells, before the late penalty."""
        return sum(cell.earned for cell in self.cells)

    @property
    def late_penalty(self) -> float:
        """Points subtracted for a late submission, at most the points earned."""
        return min(self.by_hand.late_penalty, self.raw)

    @property
    def total(self) -> float:
        """The grade, in points."""
        return self.raw - self.late_penalty

    @property
    def points(self) -> float:
        """Maximum points of the notebook."""
        return sum(cell.points for cell in self.cells)

    @property
    def manual(self) -> float:
        """Points that people gave, including extra credit."""
        given = sum(cell.earned for cell in self.cells if cell.manual)
        return given + sum(
            self.by_hand.extra.get(cell.grade_id, 0.0) for cell in self.cells if not cell.manual
        )

    @property
    def status(self) -> str:
        """``GRADED``, ``WAITING`` or ``FAILED``."""
        if self.record.failure:
            return FAILED
        return WAITING if any(cell.waiting for cell in self.cells) else GRADED

    def of(self, exercise: str) -> tuple[float, float]:
        """Return the points earned in an exercise, and its maximum points."""
        cells = [cell for cell in self.cells if cell.exercise == exercise]
        return sum(cell.earned for cell in cells), sum(cell.points for cell in cells)


def marks_of(record: Record, outline: Outline, by_hand: ByHand | None = None) -> Marks:
    """Return the final points of a record.

    If the submission could not be graded, each cell counts 0 points, or the points that a person gave.
    """
    by_hand = by_hand or ByHand()
    if record.failure:
        cells = [(cell.grade_id, cell.exercise, cell.points, 0.0) for cell in outline.cells]
    else:
        cells = [(test.grade_id, test.exercise, test.points, test.earned) for test in record.tests]
        cells += [(cell.grade_id, cell.exercise, cell.points, None) for cell in outline.cells if cell.manual]
    return Marks(record, outline, tuple(_mark(*cell, by_hand) for cell in cells), by_hand)


def _mark(grade_id: str, exercise: str, points: float, checked: float | None, by_hand: ByHand) -> CellMark:
    given = by_hand.scores.get(grade_id)
    waiting = grade_id in by_hand.waiting or (given is None and checked is None)
    earned = given if given is not None else (checked or 0.0)
    return CellMark(
        grade_id,
        exercise,
        earned + by_hand.extra.get(grade_id, 0.0),
        points,
        manual=given is not None or checked is None,
        waiting=waiting,
    )
