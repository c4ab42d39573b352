"""The results of a class, as a page for the instructor and as a summary for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median, quantiles

from autograder.reports.failures import Frequent, failures_of, most_frequent, untouched
from autograder.reports.marks import FAILED, GRADED, WAITING, Marks
from autograder.reports.outline import ExerciseOutline, Outline
from autograder.reports.pages import render
from autograder.reports.plain_text import line
from autograder.reports.wrong_answers import WrongAnswer
from autograder.submission.record import RemarkKind
from autograder.tables import table

MOST_FAILURES, SLOWEST = 25, 5
MIB = 1 << 20


@dataclass(frozen=True)
class ExerciseStatistics:
    """Statistics of one exercise over the graded submissions.

    Attributes:
        outline: the exercise.
        mean: the mean of the points.
        full: the share of submissions with full points.
        none: the share without points.
        unwritten: the share in which the function was not written.
        counts: a histogram of the points, see :func:`histogram`.
    """

    outline: ExerciseOutline
    mean: float
    full: float
    none: float
    unwritten: float
    counts: tuple[int, ...]


@dataclass(frozen=True)
class ClassReport:
    """A lecture's results.

    Attributes:
        outline: the lecture's exercises.
        marks: the points of every submission.
        exercises: statistics by exercise, over the submissions that could be graded.
        counts: a histogram of the totals, see :func:`histogram`.
        frequent: the most frequent failures.
        bank: the wrong answers that the failures were compared with, by name; empty if the bank was not graded.
    """

    outline: Outline
    marks: Sequence[Marks]
    exercises: Sequence[ExerciseStatistics]
    counts: Sequence[int]
    frequent: Sequence[Frequent]
    bank: Mapping[str, WrongAnswer]

    @property
    def graded(self) -> list[Marks]:
        """The points of the submissions that could be graded."""
        return [marks for marks in self.marks if marks.status != FAILED]

    def count(self, status: str) -> int:
        """Return the number of submissions with this status."""
        return sum(marks.status == status for marks in self.marks)

    def remarked(self, kind: RemarkKind) -> list[tuple[str, list[str]]]:
        """Return the students with remarks of a kind, each with the messages."""
        remarks = [
            (marks.record.student, [r.message for r in marks.record.remarks if r.kind == kind])
            for marks in self.marks
        ]
        return [(student, messages) for student, messages in remarks if messages]


def class_report(outline: Outline, marks: Sequence[Marks], bank: Mapping[str, WrongAnswer]) -> ClassReport:
    """Return the report on a class.

    Args:
        outline: the lecture's exercises.
        marks: the points of every submission, at least one.
        bank: the wrong answers of the bank, by name; empty if it was not graded.
    """
    graded = [one for one in marks if one.status != FAILED]
    failed = [failures_of(one.record, exercise.name) for one in graded for exercise in outline.exercises]
    known = {name: answer.failures for name, answer in bank.items()}
    return ClassReport(
        outline,
        marks,
        [_statistics(exercise, graded) for exercise in outline.exercises] if graded else [],
        histogram([one.total for one in marks], outline.points, 20),
        most_frequent(failed, known, MOST_FAILURES),
        bank,
    )


def histogram(values: Sequence[float], top: float, most: int) -> tuple[int, ...]:
    """Return the counts of a histogram with equal bins from 0 to ``top``.

    Values below 0 count in the first bin, ``top`` and values above it in the last. There is one bin per point, but at
    least 1 and at most ``most`` bins.
    """
    bins = max(1, min(most, round(top)))
    counts = [0] * bins
    for value in values:
        index = int(bins * value / top) if top else 0
        counts[min(max(index, 0), bins - 1)] += 1
    return tuple(counts)


def _statistics(exercise: ExerciseOutline, graded: Sequence[Marks]) -> ExerciseStatistics:
    earned = [marks.of(exercise.name)[0] for marks in graded]
    return ExerciseStatistics(
        exercise,
        mean(earned),
        full=mean(points >= exercise.points for points in earned),
        none=mean(points <= 0 for points in earned),
        unwritten=mean(untouched(marks.record, exercise.name) for marks in graded),
        counts=histogram(earned, exercise.points, 8),
    )


def quartiles(values: Sequence[float]) -> tuple[float, float, float, float, float]:
    """Return minimum, quartiles and maximum of at least one value."""
    middle = quantiles(values, n=4, method="inclusive") if len(values) > 1 else [values[0]] * 3
    return min(values), *middle, max(values)


def report_page(report: ClassReport) -> str:
    """Return the instructor's page."""
    totals = [marks.total for marks in report.marks]
    records = [marks.record for marks in report.graded]
    return render(
        "report.html",
        report=report,
        tests={test.grade_id: test for record in records for test in record.tests},
        headings={exercise.name: exercise.heading for exercise in report.outline.exercises},
        mean=mean(totals),
        median=median(totals),
        full=sum(marks.total >= marks.points for marks in report.graded),
        waiting=report.count(WAITING),
        failures=[marks.record for marks in report.marks if marks.record.failure],
        tampering=report.remarked(RemarkKind.TAMPERING),
        library=report.remarked(RemarkKind.LIBRARY),
        others=[*report.remarked(RemarkKind.MISSING), *report.remarked(RemarkKind.NOTE)],
        late=[marks for marks in report.marks if marks.late_penalty],
        seconds=quartiles([record.seconds for record in records]) if records else None,
        memory=quartiles([record.memory_bytes / MIB for record in records]) if records else None,
        slowest=sorted(records, key=lambda record: -record.seconds)[:SLOWEST],
        mib=MIB,
    )


def report_summary(report: ClassReport) -> str:
    """Return the summary for the terminal: a few lines and up to two tables."""
    totals = [marks.total for marks in report.marks]
    lines = [
        f"{report.outline.lecture}: {len(totals)} submissions, mean {mean(totals):.1f} and median "
        f"{median(totals):.1f} of {report.outline.points:g} points"
    ]
    rows = [
        [line(e.outline.heading, 50), e.outline.points, f"{e.mean:.1f}", f"{e.full:.0%}", f"{e.none:.0%}"]
        for e in report.exercises
    ]
    if rows:
        lines.append(table(["exercise", "points", "mean", "full", "none"], rows))
    if report.frequent:
        failed = [
            [f.count, f.failure.grade_id, line(f.failure.problem, 60), _alike(f)] for f in report.frequent[:5]
        ]
        lines.append(table(["times", "failed check", "problem", "looks like"], failed))
    tampered = [student for student, _ in report.remarked(RemarkKind.TAMPERING)]
    if tampered:
        lines.append(f"signs of tampering: {_names(tampered)}")
    copied = [student for student, _ in report.remarked(RemarkKind.LIBRARY)]
    if copied:
        lines.append(f"used or copied the library's answers: {_names(copied)}")
    for marks in report.marks:
        if marks.record.failure:
            lines.append(f"{line(marks.record.student, 40)} {FAILED}: {line(marks.record.failure)}")
    if report.count(WAITING):
        lines.append(
            f"{report.count(WAITING)} of {len(totals)} {WAITING}, {report.count(GRADED)} are {GRADED}"
        )
    return "\n".join(lines)


def _alike(frequent: Frequent) -> str:
    return frequent.alike[0][0] if frequent.alike else ""


def _names(students: Sequence[str], most: int = 10) -> str:
    shown = ", ".join(line(student, 40) for student in students[:most])
    return shown + (f" and {len(students) - most} more" if len(students) > most else "")
