"""The gradebook's additions to a record: points and comments that people gave, and penalties for late submissions."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import Select, select
from sqlalchemy.engine import make_url

from autograder.gradebook.conversions import NbgraderCourse
from autograder.gradebook.lecture_entry import readable_errors
from autograder.notebooks.course import Lecture
from autograder.reports.marks import ByHand


def read_by_hand(lecture: Lecture) -> dict[str, ByHand]:
    """Return the gradebook's additions to a lecture's records, by student; empty if the course has no gradebook.

    Raises:
        CourseError: if the gradebook cannot be read.
    """
    course = NbgraderCourse(lecture.course)
    url = course.directory().db_url
    with readable_errors(url):
        address = make_url(url)
        if address.get_backend_name() == "sqlite" and not Path(address.database or "").is_file():
            return {}  # opening it would create it
        with course.gradebook() as gradebook:
            return _by_student(gradebook, lecture.folder)


def _by_student(gradebook: Gradebook, assignment: str) -> dict[str, ByHand]:
    additions: dict[str, dict[str, Any]] = defaultdict(
        lambda: {"scores": {}, "extra": {}, "waiting": set(), "comments": {}, "late_penalty": 0.0}
    )
    cells = _of(assignment, Grade.manual_score, Grade.extra_credit, Grade.needs_manual_grade, BaseCell.name)
    cells = cells.join(Grade, Grade.notebook_id == SubmittedNotebook.id).join(Grade.cell)
    for student, score, extra, waits, name in gradebook.db.execute(cells):
        if score is not None:
            additions[student]["scores"][name] = score
        if extra:
            additions[student]["extra"][name] = extra
        if waits:
            additions[student]["waiting"].add(name)
    comments = _of(assignment, Comment.manual_comment, BaseCell.name)
    comments = comments.join(Comment, Comment.notebook_id == SubmittedNotebook.id).join(Comment.cell)
    for student, text, name in gradebook.db.execute(comments.where(Comment.manual_comment.is_not(None))):
        additions[student]["comments"][name] = text
    for student, penalty in gradebook.db.execute(_of(assignment, SubmittedNotebook.late_submission_penalty)):
        additions[student]["late_penalty"] += max(penalty or 0.0, 0.0)
    return {
        student: ByHand(**{**parts, "waiting": frozenset(parts["waiting"])})
        for student, parts in additions.items()
    }


def _of(assignment: str, *columns: Any) -> Select:
    """Return a query for the student and these columns, over the submissions of an assignment."""
    rows = select(SubmittedAssignment.student_id, *columns).select_from(SubmittedNotebook)
    rows = rows.join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
    rows = rows.join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
    return rows.where(Assignment.name == assignment)
