"""The record of one graded submission: plain data, the only input of pages, reports and the gradebook."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from autograder.judge.executor import CellError


class RemarkKind(StrEnum):
    """The kinds of remarks."""

    TAMPERING = "tampering"  # a test, its points or its id was changed; this is reported and has no effect
    MISSING = "missing"  # a cell or the notebook is missing
    LIBRARY = "library"  # an answer is the library's own version of its exercise
    NOTE = "note"  # anything else


@dataclass(frozen=True)
class Remark:
    """A remark on a submission.

    Attributes:
        kind: the kind of the remark.
        message: the sentence for the instructor.
        for_student: the sentence for the student, if the student can fix it; else empty.
    """

    kind: RemarkKind
    message: str
    for_student: str = ""


@dataclass(frozen=True)
class SolutionRecord:
    """A solution cell: its text, its outputs and its error, all of which are untrusted text."""

    grade_id: str
    exercise: str
    source: str
    outputs: tuple[Mapping[str, Any], ...] = ()
    error: CellError | None = None
    seconds: float = 0.0
    manual: bool = False  # whether a person grades it
    points: float = 0.0  # the maximum points of a manual cell


@dataclass(frozen=True)
class TestRecord:
    """A test cell: its points and its result.

    Attributes:
        title: the title of a hidden test; empty for a visible one.
        source: the part of the test that a student may see.
        output: the output of the checks and of the student's function while it was called; empty for a hidden test.
        error: the reason for a failure. Of a hidden test, the student may see only its ``hint``.
    """

    __test__ = False  # for pytest

    grade_id: str
    exercise: str
    hidden: bool
    title: str
    source: str
    points: float
    earned: float
    output: str = ""
    error: CellError | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Record:
    """One graded submission of one lecture.

    Attributes:
        student: name of the submission's folder.
        lecture: name of the lecture's folder.
        key: hash of source, submission, limits and grader; equal keys, equal grades.
        seed: the seed of the inputs that the checks drew.
        solutions: the student's cells, in the notebook's order.
        tests: the test cells, in the notebook's order.
        remarks: the remarks on the submission.
        failure: the reason if the submission could not be graded; ``solutions`` and ``tests`` are then empty, or
            earned nothing.
        failure_for_student: the same for the student, if the student can fix it.
        seconds: wall-clock time of grading.
        memory_bytes: peak memory of the student's processes.
    """

    student: str
    lecture: str
    key: str = ""
    seed: int = 0
    solutions: tuple[SolutionRecord, ...] = ()
    tests: tuple[TestRecord, ...] = ()
    remarks: tuple[Remark, ...] = ()
    failure: str = ""
    failure_for_student: str = ""
    seconds: float = 0.0
    memory_bytes: int = 0

    @property
    def earned(self) -> float:
        """Points earned in all test cells."""
        return sum(test.earned for test in self.tests)

    @property
    def points(self) -> float:
        """Maximum points of all test cells."""
        return sum(test.points for test in self.tests)

    @property
    def exercises(self) -> list[str]:
        """Names of the exercises, in the notebook's order."""
        return list(dict.fromkeys(test.exercise for test in self.tests))

    def tests_of(self, exercise: str) -> list[TestRecord]:
        """Return the test cells of an exercise."""
        return [test for test in self.tests if test.exercise == exercise]

    def to_json(self) -> str:
        """Return the record as one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=True)

    @classmethod
    def from_json(cls, text: str) -> Record:
        """Return the record in a line of :meth:`to_json`.

        Raises:
            ValueError: if the text is not such a line.
        """
        try:
            data = json.loads(text)
            data["solutions"] = tuple(_with_error(SolutionRecord, part) for part in data["solutions"])
            data["tests"] = tuple(_with_error(TestRecord, part) for part in data["tests"])
            data["remarks"] = tuple(
                Remark(RemarkKind(part["kind"]), part["message"], part["for_student"])
                for part in data["remarks"]
            )
            return cls(**data)
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"not a record: {error}") from None


def _with_error(kind: type, data: dict[str, Any]) -> Any:
    if "outputs" in data:
        data["outputs"] = tuple(data["outputs"])
    return kind(**{**data, "error": data["error"] and CellError.from_data(data["error"])})
