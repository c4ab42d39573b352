"""Failures without their numbers, so that the same mistake is equal in two submissions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from autograder.judge.executor import NOT_RUN, CellError
from autograder.reports.plain_text import line
from autograder.submission.record import Record

NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\d.,]*(?:e[-+]?\d+)?(?!\w)", re.IGNORECASE)
HINT = "Hint:"
UNTOUCHED = "NotImplementedError"  # what the stub raises


@dataclass(frozen=True, order=True)
class Failure:
    """A failed check: its cell, the problem and the hint, with every number replaced by ``#``."""

    grade_id: str
    problem: str
    hint: str = ""


def failure_of(grade_id: str, error: CellError) -> Failure:
    """Return an error as a failure, without the numbers, which differ from seed to seed."""
    first = error.message.partition("\n")[0]
    problem = first if error.by_check else f"{error.name}: {first}".rstrip(": ")
    return Failure(grade_id, _without_numbers(problem), _without_numbers(hint_of(error)))


def hint_of(error: CellError) -> str:
    """Return the last hint in a message, or else the hint that a hidden test may show."""
    lines = [text.strip() for text in error.message.split("\n")[1:]]
    hints = [text.removeprefix(HINT).strip() for text in lines if text.startswith(HINT)]
    return hints[-1] if hints else error.hint


def failures_of(record: Record, exercise: str) -> frozenset[Failure]:
    """Return the failures of an exercise: those of its tests and of the student's cell.

    Functions that were not written and cells that were not run are omitted, because they show no mistake.
    """
    cells = [cell for cell in record.solutions if cell.exercise == exercise]
    return failures_among({cell.grade_id: cell.error for cell in [*cells, *record.tests_of(exercise)]})


def failures_among(errors: Mapping[str, CellError | None]) -> frozenset[Failure]:
    """Return the failures among the errors of cells, given by grade id; unwritten and not-run cells are omitted."""
    return frozenset(
        failure_of(grade_id, error)
        for grade_id, error in errors.items()
        if error is not None and error.name not in (UNTOUCHED, NOT_RUN)
    )


def untouched(record: Record, exercise: str) -> bool:
    """Return whether the function of an exercise was not written: every test met the stub."""
    errors = [test.error for test in record.tests_of(exercise)]
    return bool(errors) and all(error is not None and error.name == UNTOUCHED for error in errors)


def lookalikes(failures: frozenset[Failure], bank: Mapping[str, frozenset[Failure]]) -> list[str]:
    """Return the wrong answers of the bank with the most similar failures: those with the largest overlap.

    The overlap is |A ∩ B| / |A ∪ B| for the failures A of the submission and B of the wrong answer. Wrong answers with
    overlap 0 are never returned.

    Args:
        failures: the failures of one submission in one exercise.
        bank: the failures of each wrong answer, by name.
    """
    overlaps = {
        name: len(failures & others) / len(failures | others) for name, others in bank.items() if others
    }
    best = max(overlaps.values(), default=0.0)
    return [name for name, overlap in overlaps.items() if overlap == best > 0]


@dataclass(frozen=True)
class Frequent:
    """A failure, the number of submissions with it, and the wrong answers that most of these look like.

    Attributes:
        failure: the failure.
        count: the number of times it occurred.
        alike: names of wrong answers, each with the number of occurrences that look like it; at most three.
    """

    failure: Failure
    count: int
    alike: tuple[tuple[str, int], ...]


def most_frequent(
    failed: Iterable[frozenset[Failure]], bank: Mapping[str, frozenset[Failure]], most: int
) -> list[Frequent]:
    """Return the most frequent failures over submissions and exercises.

    Args:
        failed: the failures of each submission in each exercise.
        bank: see :func:`lookalikes`.
        most: the maximum number of failures to return.
    """
    counts: Counter[Failure] = Counter()
    alike: dict[Failure, Counter[str]] = {}
    for failures in failed:
        names = lookalikes(failures, bank)
        counts.update(failures)
        for failure in failures:
            alike.setdefault(failure, Counter()).update(name for name in names if failure in bank[name])
    order = sorted(counts, key=lambda failure: (-counts[failure], failure))
    return [
        Frequent(failure, counts[failure], tuple(alike[failure].most_common(3))) for failure in order[:most]
    ]


def _without_numbers(text: str) -> str:
    return NUMBER.sub("#", line(text))
