"""Grades as tables that spreadsheets, Canvas and Moodle read."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autograder.notebooks.course import CourseError
from autograder.reports.marks import FAILED, Marks
from autograder.reports.outline import Outline
from autograder.reports.plain_text import line
from autograder.reports.roster import Roster

FORMULA = (
    "=",
    "+",
    "-",
    "@",
    "＝",
    "＋",
    "－",
    "＠",
)  # a cell that begins with one of these is a formula to a spreadsheet
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")  # Canvas insists on the order
MOODLE = ("Email address", "ID number", "Username")  # columns that Moodle can identify a user by
GRADE, FEEDBACK, MAXIMUM, IDENTIFIER = "Grade", "Feedback comments", "Maximum Grade", "Identifier"


@dataclass(frozen=True)
class Graded:
    """A lecture's outline and the points of all its submissions."""

    outline: Outline
    marks: Sequence[Marks]


@dataclass(frozen=True)
class Export:
    """The content of a file, and the students omitted because they match no row of the roster, or several."""

    text: str
    unknown: tuple[str, ...] = ()


def grades_csv(lectures: Sequence[Graded]) -> Export:
    """Return a table for spreadsheets: one row per submission, one column per exercise.

    It begins with a byte order mark, because Excel does not recognize UTF-8 without one.
    """
    exercises = list(dict.fromkeys(e.name for graded in lectures for e in graded.outline.exercises))
    header = ["student", "lecture", *exercises]
    header += ["manual", "late_penalty", "total", "points", "status", "reason"]
    rows = []
    for graded in lectures:
        own = {exercise.name for exercise in graded.outline.exercises}
        for marks in graded.marks:
            earned = [_number(marks.of(name)[0]) if name in own else "" for name in exercises]
            numbers = map(_number, (marks.manual, marks.late_penalty, marks.total, marks.points))
            status = [marks.status, marks.record.failure]
            rows.append([marks.record.student, graded.outline.lecture, *earned, *numbers, *status])
    return Export("\ufeff" + _csv([header, *rows], text={0, 1, len(header) - 2, len(header) - 1}))


def canvas_csv(lectures: Sequence[Graded], roster: Roster | None = None, column: str = "") -> Export:
    """Return a table for Canvas's gradebook import: five columns that identify a student, then one column per lecture.

    Canvas finds a student by the first of ID, SIS User ID, SIS Login ID and name that it knows. Without a roster, the
    folder's name is used as the login. Canvas finds an assignment by its number in parentheses, or creates a new one.

    Args:
        lectures: at least one lecture.
        roster: an export of the same gradebook, or any table with a column ``student`` and some of Canvas's five.
        column: the name of the assignment's column in Canvas's export, for example ``Lecture 3 (12345)``; by default
            the roster's column with the lecture's folder or title, if it has one, else the lecture's folder.
    """
    titles = [column or _canvas_column(graded.outline, roster) for graded in lectures]
    header = [*CANVAS, *titles]
    possible = ["    Points Possible", "", "", "", "", *(_number(g.outline.points) for g in lectures)]
    people, unknown = _people(lectures, roster)
    rows = []
    for student, marks in people.items():
        known = roster and roster.find(student)
        who = known or {"Student": student, "SIS Login ID": student}
        rows.append([*(who.get(name, "") for name in CANVAS), *marks])
    return Export(_csv([header, possible, *rows], text=set(range(len(CANVAS)))), unknown)


def moodle_csv(lectures: Sequence[Graded], roster: Roster | None = None) -> Export:
    """Return a table for Moodle's import: the user, the grade, and a feedback comment.

    If the roster is an assignment's grading worksheet, the table is that worksheet, filled in, for "Upload grading
    worksheet". Otherwise it is for the gradebook's CSV import, where its columns are mapped by hand. The user is then
    the roster's email address, ID number or user name; without a roster it is the folder's name.

    Raises:
        CourseError: if the roster is a worksheet and there are several lectures, or its maximum grade is different.
    """
    if roster is not None and {IDENTIFIER, GRADE} <= set(roster.header):
        return _worksheet(lectures, roster)
    identifier = next((name for name in MOODLE if roster and name in roster.header), "Username")
    header = [identifier]
    for graded in lectures:
        header += [graded.outline.lecture, f"Feedback: {graded.outline.lecture}"]
    comments = {
        (m.record.lecture, m.record.student): _comment(m) for graded in lectures for m in graded.marks
    }
    people, unknown = _people(lectures, roster)
    rows = []
    for student, points in people.items():
        known = roster and roster.find(student)
        row = [known.get(identifier, "") if known else student]
        for graded, earned in zip(lectures, points, strict=True):
            row += [earned, comments.get((graded.outline.lecture, student), "")]
        rows.append(row)
    return Export(_csv([header, *rows], text={0, *range(2, len(header), 2)}), unknown)


def _worksheet(lectures: Sequence[Graded], roster: Roster) -> Export:
    if len(lectures) != 1:
        raise CourseError("a grading worksheet of Moodle is for one assignment: name exactly one lecture")
    outline, filled = lectures[0].outline, {}
    people, unknown = _people(lectures, roster)
    by_student = {marks.record.student: marks for marks in lectures[0].marks}
    for student, (points,) in people.items():
        row = roster.find(student)
        _check_maximum(row.get(MAXIMUM, ""), outline)
        filled[id(row)] = {GRADE: points, FEEDBACK: _comment(by_student[student])}
    header = [*roster.header, *([FEEDBACK] if FEEDBACK not in roster.header else [])]
    rows = [[{**row, **filled.get(id(row), {})}.get(name, "") for name in header] for row in roster.rows]
    return Export(_csv([header, *rows], text=set(range(len(header))) - {header.index(GRADE)}), unknown)


def _check_maximum(stated: str, outline: Outline) -> None:
    number = re.fullmatch(r"\s*(\d+)(?:[.,](\d+))?\s*", stated)
    if number and float(f"{number[1]}.{number[2] or 0}") != outline.points:
        raise CourseError(
            f"the worksheet's maximum grade must be {outline.points:g}, the points of {outline.lecture}, got "
            f"{stated.strip()}: change it in the assignment's settings in Moodle and download the worksheet again"
        )


def _people(
    lectures: Sequence[Graded], roster: Roster | None
) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    """Return each student's totals by lecture, blank without a submission, and the students not in the roster."""
    totals = {
        (marks.record.student, index): _number(marks.total)
        for index, graded in enumerate(lectures)
        for marks in graded.marks
    }
    students = sorted({student for student, _ in totals})
    unknown = () if roster is None else roster.unknown(students)
    people = {
        student: [totals.get((student, index), "") for index in range(len(lectures))]
        for student in students
        if student not in unknown
    }
    return people, unknown


def _canvas_column(outline: Outline, roster: Roster | None) -> str:
    names = {outline.lecture.lower(), outline.title.lower()}
    for column in roster.header if roster else []:
        if re.sub(r"\s*\(\d+\)$", "", column).lower() in names:
            return column
    return outline.lecture


def _comment(marks: Marks) -> str:
    """Return the points by exercise in one line, escaped because Moodle shows it as HTML."""
    if marks.status == FAILED and not marks.raw:
        return html.escape(line(marks.record.failure_for_student or "could not be graded"), quote=False)
    parts = []
    for exercise in marks.outline.exercises:
        earned, points = marks.of(exercise.name)
        parts.append(f"{exercise.label}: {_number(earned)} of {_number(points)}")
    if marks.late_penalty:
        parts.append(f"late: -{_number(marks.late_penalty)}")
    return html.escape(line("; ".join(parts), 2000), quote=False)


def _csv(rows: Iterable[Sequence[str]], text: set[int]) -> str:
    """Return rows as CSV; cells of the header and of the ``text`` columns cannot become formulas."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for number, row in enumerate(rows):
        writer.writerow(
            [_harmless(cell) if number == 0 or column in text else cell for column, cell in enumerate(row)]
        )
    return out.getvalue()


def _harmless(cell: str) -> str:
    shown = line(cell, 2000) if cell.strip() != "Points Possible" else cell
    return f"'{shown}" if shown.startswith(FORMULA) and len(shown) > 1 else shown


def _number(value: float) -> str:
    return f"{round(value, 4):.10g}"
