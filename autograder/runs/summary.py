"""The summary of a run: a table for a small class, the main numbers for a large one, failures last."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.notebooks.course import Lecture
from autograder.runs.outcome import Outcome
from autograder.submission.record import RemarkKind
from autograder.tables import table

SMALL_CLASS = 40  # up to this size, every student has a line
LISTED = 20
REMARK_LENGTH = 80


@dataclass(frozen=True)
class ClassResult:
    """The results of grading a class, or of the part graded before the run was stopped.

    Attributes:
        lecture: the lecture.
        students: the number of submissions.
        outcomes: the outcomes of the submissions that are done.
        journal: the path of the journal with their records.
    """

    lecture: Lecture
    students: int
    outcomes: list[Outcome]
    journal: Path

    @property
    def failed(self) -> list[Outcome]:
        """The outcomes without a grade, or whose grade is not in the gradebook."""
        return [outcome for outcome in self.outcomes if outcome.failed]


def done_so_far(result: ClassResult) -> str:
    """Return a sentence on the part of a class that is done, and the path of its records."""
    return (
        f"{len(result.outcomes)} of {result.students} submissions of {result.lecture.folder} are done "
        f"and kept in {result.journal}"
    )


def report(result: ClassResult) -> str:
    """Return the text for the terminal."""
    outcomes = _by_name(result.outcomes)
    tampered = [outcome for outcome in outcomes if _tampering(outcome)]
    lines = [_headline(result, len(tampered))]
    if 0 < len(result.outcomes) <= SMALL_CLASS:
        lines.append(_table(outcomes))
    else:
        lines += _listed(f"{_name(outcome)}: {_remark(outcome)}" for outcome in tampered)
    lines += _listed(f"{_name(outcome)} {_failure(outcome)}" for outcome in outcomes if outcome.failed)
    return "\n".join(lines)


def as_json(results: Iterable[ClassResult], *, interrupted: bool) -> str:
    """Return the results as one JSON document."""
    lectures = [
        {
            "lecture": result.lecture.folder,
            "journal": str(result.journal),
            "handed_in": result.students,
            "students": [_plain(outcome) for outcome in _by_name(result.outcomes)],
        }
        for result in results
    ]
    return json.dumps({"interrupted": interrupted, "lectures": lectures}, indent=1)


def _by_name(outcomes: Iterable[Outcome]) -> list[Outcome]:
    return sorted(outcomes, key=lambda outcome: outcome.student)


def _plain(outcome: Outcome) -> dict[str, Any]:
    return {
        "student": outcome.student,
        "earned": outcome.earned,
        "points": outcome.points,
        "points_by_hand": outcome.by_hand,
        "failure": outcome.failure,
        "not_filed": outcome.not_filed,
        "remarks": [{"kind": str(remark.kind), "message": remark.message} for remark in outcome.remarks],
        "seconds": round(outcome.seconds, 3),
        "unchanged": outcome.unchanged,
    }


def _headline(result: ClassResult, tampered: int) -> str:
    graded = [outcome for outcome in result.outcomes if not outcome.failure]
    parts = [f"{len(result.outcomes)} of {result.students} submissions"]
    unchanged = sum(outcome.unchanged for outcome in result.outcomes)
    if unchanged:
        parts.append(f"{unchanged} unchanged since they were graded")
    if graded:
        mean = sum(outcome.earned for outcome in graded) / len(graded)
        parts.append(f"mean {mean:.4g} of {graded[0].points:g} points")
    if graded and graded[0].by_hand:
        parts.append(f"{graded[0].by_hand:g} more are graded by hand")
    if tampered:
        parts.append(f"{tampered} with signs of tampering")
    if result.failed:
        parts.append(f"{len(result.failed)} failed")
    return f"{result.lecture.folder}: {', '.join(parts)}"


def _table(outcomes: Iterable[Outcome]) -> str:
    rows = [
        [
            _name(outcome),
            "–" if outcome.failure else f"{outcome.earned:g} of {outcome.points:g}",
            _remark(outcome),
        ]
        for outcome in sorted(outcomes, key=lambda outcome: outcome.failed)
    ]
    return table(["student", "points", "remarks"], rows)


def _remark(outcome: Outcome) -> str:
    """Return the most important remark, with its kind, and the number of further remarks."""
    if outcome.failed:
        return "see below"
    remarks = _tampering(outcome) or list(outcome.remarks)
    if not remarks:
        return ""
    text = printable(f"{remarks[0].kind}: {remarks[0].message}")
    if len(text) > REMARK_LENGTH:
        text = text[: REMARK_LENGTH - 1] + "…"
    return text if len(remarks) == 1 else f"{text} (and {len(remarks) - 1} more)"


def _tampering(outcome: Outcome) -> list:
    return [remark for remark in outcome.remarks if remark.kind == RemarkKind.TAMPERING]


def _failure(outcome: Outcome) -> str:
    if not outcome.failure:
        return f"is graded, but not in the gradebook: {printable(outcome.not_filed)}"
    reason = outcome.failure.removeprefix("could not be graded: ")
    also = f"; and not entered into the gradebook: {outcome.not_filed}" if outcome.not_filed else ""
    return f"could not be graded: {printable(reason + also)}"


def _listed(lines: Iterable[str]) -> list[str]:
    lines = list(lines)
    return lines[:LISTED] + ([f"… and {len(lines) - LISTED} more"] if len(lines) > LISTED else [])


def _name(outcome: Outcome) -> str:
    return printable(outcome.student)


def printable(text: str) -> str:
    """Replace characters that could control the terminal or cannot be encoded, because names are not trusted."""
    return "".join(character if character.isprintable() else "�" for character in text)
