"""The record of one graded submission: plain data, from which everything that comes out is made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from autograder.judge.executor import CellError


class RemarkKind(StrEnum):
    """Why something is remarked on."""

    TAMPERING = "tampering"  # a test, its points or its id was changed; this is reported and has no effect
    MISSING = "missing"  # something that should be there is not: a cell, the notebook
    LIBRARY = "library"  # an answer is the library's own version of its exercise
    NOTE = "note"  # all else that is worth a sentence


@dataclass(frozen=True)
class Remark:
    """A sentence on a submission.

    Attributes:
        kind: what it is about.
        message: the sentence for the instructor.
        for_student: the sentence for the student, where it is theirs to mend; else empty.
    """

    kind: RemarkKind
    message: str
    for_student: str = ""


@dataclass(frozen=True)
class SolutionRecord:
    """A cell that the student wrote in: its text and what running it did. Untrusted text, all of it."""

    grade_id: str
    exercise: str
    source: str
    outputs: tuple[Mapping[str, Any], ...] = ()
    error: CellError | None = None
    seconds: float = 0.0
    manual: bool = False  # its points are given by a person
    points: float = 0.0  # of a manual one


@dataclass(frozen=True)
class TestRecord:
    """A test cell: points and how it came out.

    Attributes:
        title: what a hidden test says that it tests; empty for a visible one.
        source: the test as a student may see it.
        output: what the checks printed, and the student's function while it was called. Empty for hidden ones.
        error: why it failed. Of a hidden test only ``hint`` is for the student's eyes.
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
        seed: from which the checks drew their inputs.
        solutions: the student's cells, in the notebook's order.
        tests: the test cells, in the notebook's order.
        remarks: what was found before anything was run.
        failure: a sentence if nothing could be graded; ``solutions`` and ``tests`` are empty then, or
            what is there earned nothing.
        failure_for_student: the same for the student, if the student can fix it.
        seconds: wall-clock time of grading.
        memory_bytes: peak of the student's processes.
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
        """Points of all test cells."""
        return sum(test.earned for test in self.tests)

    @property
    def points(self) -> float:
        """Points that the test cells can give."""
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
        """Read what :meth:`to_json` wrote.

        Raises:
            ValueError: if it is not such a line.
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
