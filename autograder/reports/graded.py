"""Graded lectures, and the points of their submissions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from autograder.notebooks.course import Course, CourseError, Lecture
from autograder.reports.by_hand import read_by_hand
from autograder.reports.marks import Marks, marks_of
from autograder.reports.outline import read_outline
from autograder.reports.plain_text import line
from autograder.runs.journal import Journal


def graded_lectures(course: Course, wanted: Sequence[str]) -> list[Lecture]:
    """Return the lectures with these names, or all graded lectures if no name is given.

    Raises:
        CourseError: if a name is unknown, or if a named lecture, or every lecture, has no grades yet.
    """
    lectures = course.select(wanted)
    graded = [lecture for lecture in lectures if Journal.of(lecture).places()]
    if wanted and len(graded) < len(lectures):
        missing = next(lecture for lecture in lectures if lecture not in graded)
        raise CourseError(
            f"{missing.folder} has no grades yet: run 'autograder grade {missing.number}' first"
        )
    if not graded:
        raise CourseError("no lecture has grades yet: run 'autograder grade' first")
    return graded


def read_marks(lecture: Lecture, students: Sequence[str] = ()) -> Iterator[Marks]:
    """Yield the points of each submission of a lecture, in the order of the students' names, one record at a time.

    Args:
        lecture: a graded lecture.
        students: the students to include; all if empty.

    Raises:
        CourseError: if the journal, the gradebook or the source cannot be read.
    """
    journal = Journal.of(lecture)
    places = journal.places()
    outline, by_hand = read_outline(lecture), read_by_hand(lecture)
    for student in sorted(places):
        if not students or student in students:
            yield marks_of(journal.read(places[student]), outline, by_hand.get(student))


def require_students(lectures: Sequence[Lecture], students: Sequence[str]) -> None:
    """Require a graded submission of one of these lectures from each of these students.

    Raises:
        CourseError: if a student has none; the message names a few who have.
    """
    known = sorted({student for lecture in lectures for student in Journal.of(lecture).places()})
    for student in students:
        if student not in known:
            named = ", ".join(line(name, 40) for name in known[:5])
            more = f" and {len(known) - 5} more" if len(known) > 5 else ""
            raise CourseError(
                f"{line(repr(student))} has no graded submission; the students who have one are {named}{more}"
            )
