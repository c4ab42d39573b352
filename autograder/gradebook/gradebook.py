"""A lecture's grades in nbgrader's gradebook, written with nbgrader's rules and models in one session."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from nbformat import NotebookNode
from nbgrader.api import (
    Assignment,
    Comment,
    Grade,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.preprocessors import AssignLatePenalties, SaveAutoGrades
from sqlalchemy import select
from sqlalchemy.orm import load_only
from tornado.log import app_log

from autograder.gradebook.conversions import NbgraderCourse, as_nbgrader_runs
from autograder.gradebook.lecture_entry import enter_lecture, readable_errors
from autograder.notebooks.course import Lecture


class LectureGrades:
    """A lecture's grades, open for writing. A context manager, for one thread.

    nbgrader's own :class:`nbgrader.preprocessors.SaveAutoGrades` decides points and comments of a cell, and the plugin
    named in the course's settings decides late penalties. Writing is fast because a submission's rows are loaded and
    committed together, while nbgrader queries and commits for each cell.

    Args:
        course: the course folder; its settings name the database.
        lecture: the lecture.
        master: the lecture's notebook, see :meth:`NbgraderCourse.master`.

    Raises:
        CourseError: on entering, if the database cannot be used.
    """

    def __init__(self, course: NbgraderCourse, lecture: Lecture, master: NotebookNode) -> None:
        self.course, self.lecture, self.master = course, lecture, master
        self.url = course.directory().db_url
        self.saver = SaveAutoGrades(config=course.config())
        self.saver.notebook_id = self.saver.assignment_id = self.saver.student_id = ""  # _Rows ignores them
        self.late = AssignLatePenalties(config=course.config())
        self.late.init_plugin()

    def __enter__(self) -> LectureGrades:
        with readable_errors(self.url):
            self.gradebook = self.course.gradebook()
        self.database = self.gradebook.db
        try:
            with readable_errors(self.url, self.database.rollback), as_nbgrader_runs(app_log):
                self._load()
        except BaseException:
            self.gradebook.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.gradebook.close()

    def _load(self) -> None:
        notebook = enter_lecture(self.course, self.gradebook, self.lecture, self.master)
        self.notebook_id, self.assignment_id = notebook.id, notebook.assignment_id
        self.tasks = {cell.name: cell.id for cell in notebook.task_cells}
        self.graded = {cell.name: cell.id for cell in notebook.grade_cells} | self.tasks
        self.commented = {cell.name: cell.id for cell in notebook.solution_cells} | self.tasks
        self.database.commit()

    def settled(self) -> set[str]:
        """Return the students whose grades only a new submission or a changed test can change.

        Students who are or were late are not included: their penalty changes with the due date, with an extension, and
        with points that a person gives.

        Raises:
            CourseError: if the gradebook cannot be read.
        """
        columns = (SubmittedAssignment.student_id, SubmittedAssignment.timestamp)
        columns += (SubmittedAssignment.extension, SubmittedNotebook.late_submission_penalty)
        with readable_errors(self.url, self.database.rollback):
            due = self._due_date()
            rows = self.database.execute(
                select(*columns)
                .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
                .where(SubmittedNotebook.notebook_id == self.notebook_id)
            ).all()
            self.database.commit()
        return {
            student
            for student, timestamp, extension, penalty in rows
            if penalty is None and not _seconds_late(timestamp, due, extension)
        }

    def grade(self, student: str, notebook: NotebookNode, timestamp: datetime | None = None) -> None:
        """Enter a submission's points, computed from a judged notebook by nbgrader's rule.

        Args:
            student: the name of the submission's folder; a student unknown to the gradebook is added.
            notebook: the judged notebook, see :func:`autograder.gradebook.judged.judged_notebook`.
            timestamp: the time of handing in, in UTC; None keeps the time in the gradebook.

        Raises:
            CourseError: if the gradebook cannot be written; nothing of this submission is then entered.
        """
        with readable_errors(self.url, self.database.rollback):
            submission, book = self._submission(student)
            if timestamp is not None:
                submission.timestamp = timestamp
            self.saver.gradebook = self._rows(book)
            for index, cell in enumerate(notebook.cells):
                self.saver.preprocess_cell(cell, {}, index)
            self._assign_late_penalty(submission, book)
            self.database.commit()

    def _submission(self, student: str) -> tuple[SubmittedAssignment, SubmittedNotebook]:
        # All columns are named, because nbgrader's models add a dozen sums to each row.
        columns = (SubmittedAssignment.student_id, SubmittedAssignment.timestamp)
        submission = self.database.scalars(
            select(SubmittedAssignment)
            .where(SubmittedAssignment.assignment_id == self.assignment_id)
            .where(SubmittedAssignment.student_id == student)
            .options(load_only(*columns, SubmittedAssignment.extension))
        ).one_or_none()
        if submission is not None:
            books = select(SubmittedNotebook).options(load_only(SubmittedNotebook.late_submission_penalty))
            return submission, self.database.scalars(
                books.where(SubmittedNotebook.assignment_id == submission.id)
            ).one()
        if self.database.get(Student, student, options=[load_only(Student.id)]) is None:
            self.database.add(Student(id=student))
        submission = SubmittedAssignment(assignment_id=self.assignment_id, student_id=student)
        book = SubmittedNotebook(notebook_id=self.notebook_id, assignment=submission)
        self.database.add_all([submission, book])
        self.database.flush()
        return submission, book

    def _rows(self, book: SubmittedNotebook) -> _Rows:
        columns = (Grade.cell_id, Grade.auto_score, Grade.manual_score, Grade.needs_manual_grade)
        grades = select(Grade).where(Grade.notebook_id == book.id).options(load_only(*columns))
        comments = select(Comment).where(Comment.notebook_id == book.id)
        comments = comments.options(load_only(Comment.cell_id, Comment.auto_comment))
        old_grades = {grade.cell_id: grade for grade in self.database.scalars(grades)}
        old_comments = {comment.cell_id: comment for comment in self.database.scalars(comments)}
        rows = _Rows()
        for name, cell in self.graded.items():
            rows.grades[name] = old_grades.get(cell) or Grade(cell_id=cell, notebook_id=book.id)
        for name, cell in self.commented.items():
            rows.comments[name] = old_comments.get(cell) or Comment(cell_id=cell, notebook_id=book.id)
        self.database.add_all([*rows.grades.values(), *rows.comments.values()])
        return rows

    def _assign_late_penalty(self, submission: SubmittedAssignment, book: SubmittedNotebook) -> None:
        book.late_submission_penalty = None
        seconds = _seconds_late(submission.timestamp, self._due_date(), submission.extension)
        if seconds:
            plugin = self.late.plugin_inst
            penalty = plugin.late_submission_penalty(submission.student_id, book.score, seconds)
            if penalty is not None:
                book.late_submission_penalty = self.late._check_late_penalty(book, penalty)

    def _due_date(self) -> datetime | None:
        return self.database.scalar(select(Assignment.duedate).where(Assignment.id == self.assignment_id))


@dataclass
class _Rows:
    """The rows of one submission by cell, with the methods of a gradebook that ``SaveAutoGrades`` calls."""

    grades: dict[str, Grade] = field(default_factory=dict)
    comments: dict[str, Comment] = field(default_factory=dict)

    def find_grade(self, name: str, *_: str) -> Grade:
        return self.grades[name]

    def find_comment(self, name: str, *_: str) -> Comment:
        return self.comments[name]

    @property
    def db(self) -> _Rows:
        return self

    def commit(self) -> None:
        """Do nothing: a submission has one commit, at its end."""


def _seconds_late(timestamp: datetime | None, due: datetime | None, extension: timedelta | None) -> float:
    """Return ``SubmittedAssignment.total_seconds_late``, without loading the rows that nbgrader's property loads."""
    if timestamp is None or due is None:
        return 0.0
    return max(0.0, (timestamp - due - (extension or timedelta())).total_seconds())
