"""The outcome of one submission, kept while its class is graded."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.submission.record import Record, Remark


@dataclass(frozen=True)
class Outcome:
    """A record without its texts, for a line of the final table."""

    student: str
    earned: float
    points: float
    by_hand: float
    failure: str
    remarks: tuple[Remark, ...]
    seconds: float
    unchanged: bool
    not_filed: str = ""

    @classmethod
    def of(cls, record: Record, *, unchanged: bool, not_filed: str) -> Outcome:
        """Return the outcome of a record."""
        return cls(
            record.student,
            record.earned,
            record.points,
            sum(solution.points for solution in record.solutions if solution.manual),
            record.failure,
            record.remarks,
            record.seconds,
            unchanged,
            not_filed,
        )

    @property
    def failed(self) -> bool:
        """Whether the submission has no grade, or none in the gradebook."""
        return bool(self.failure or self.not_filed)
