"""File records in ``autograded/`` and in the gradebook, by one writer."""

from __future__ import annotations

import json
import warnings
from datetime import datetime
from functools import cached_property
from pathlib import Path

import nbformat
from nbgrader.converters import Autograde
from nbgrader.utils import parse_utc

from autograder.atomic import write_atomically
from autograder.gradebook.conversions import NbgraderCourse
from autograder.gradebook.gradebook import LectureGrades
from autograder.gradebook.judged import METADATA, judged_notebook
from autograder.gradebook.task_answers import task_answers, with_answers
from autograder.notebooks.course import Course, CourseError, Lecture, is_folder_name
from autograder.submission.files import TIMESTAMP, read_file
from autograder.submission.record import Record
from autograder.submission.refusal import Refused, shown

STAMP_BYTES = 200  # a date has about 30


class Filing:
    """Files the records of one lecture. A context manager, for one thread.

    A submission's points are in the gradebook before its notebook is in ``autograded/``, and the notebook is written
    atomically: if it exists, everything is filed.

    Args:
        course: the course; its settings name the folders and the gradebook.
        lecture: the lecture; its current source is entered into the gradebook.

    Attributes:
        notes: sentences for the instructor on problems found while filing.

    Raises:
        CourseError: on entering, if the source cannot be converted, if the gradebook cannot be used, or if it has
            grades for cells that are no longer in the source.
    """

    def __init__(self, course: Course, lecture: Lecture) -> None:
        self.lecture = lecture
        self.nbgrader = NbgraderCourse(course.root)
        self.directory = self.nbgrader.directory()
        self.converter = Autograde(coursedir=self.directory, config=self.nbgrader.config())
        self.notes: list[str] = []

    def __enter__(self) -> Filing:
        self.master = self.nbgrader.master(self.lecture)
        self.grades = LectureGrades(self.nbgrader, self.lecture, self.master).__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.grades.__exit__()

    def file(self, record: Record) -> Path:
        """File a record and return the path of its notebook.

        Points that a person gave are kept. If the record has a ``failure``, no test gives points, and formgrader shows
        the reason.

        Raises:
            CourseError: if the gradebook or the notebook cannot be written.
        """
        path = self._path(record.student)
        submitted = self._folder(self.directory.submitted_directory, record.student)
        answers = task_answers(submitted, self.lecture, self.master)
        notebook = with_answers(judged_notebook(self.master, record), answers)
        stamp = _stamp(submitted)
        self.grades.grade(record.student, notebook, self._date(stamp, record))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_stamp(path.with_name(TIMESTAMP), stamp)
            write_atomically(path, f"{nbformat.v4.writes(notebook)}\n".encode())
            self.converter.set_permissions(self.lecture.folder, record.student)
        except OSError as error:
            raise CourseError(f"{path} cannot be written: {error.strerror}") from error
        return path

    def is_filed(self, record: Record) -> bool:
        """Return whether this record is in ``autograded/``, and its student's grades are settled.

        The grades of a late submission are never settled, see :meth:`LectureGrades.settled`; filing it again is cheap.
        """
        path = self._path(record.student)
        try:
            filed = json.loads(path.read_bytes())["metadata"][METADATA]
            same = (filed["key"], filed["check_seed"]) == (record.key, record.seed)
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            return False
        submitted = self._folder(self.directory.submitted_directory, record.student)
        return same and _stamp(path.parent) == _stamp(submitted) and record.student in self.settled

    @cached_property
    def settled(self) -> set[str]:
        """The students whose grades were settled when this property was first read."""
        return self.grades.settled()

    def _path(self, student: str) -> Path:
        return self._folder(self.directory.autograded_directory, student) / self.lecture.source.name

    def _folder(self, step: str, student: str) -> Path:
        if not is_folder_name(student):
            raise CourseError(
                f"{student!r} cannot be used as a student's name: it is not a valid folder name"
            )
        return Path(self.directory.format_path(step, student, self.lecture.folder))

    def _date(self, stamp: str | None, record: Record) -> datetime | None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about unknown time zones
                return parse_utc(stamp.strip() or None) if stamp is not None else None
        except (ValueError, OverflowError):
            self.notes.append(
                f"{record.student}: {TIMESTAMP} does not contain a date ({shown(stamp.strip())}), so this submission "
                "was filed without one and does not count as late"
            )
            return None


def _stamp(folder: Path) -> str | None:
    """Return the text of a folder's timestamp, or None if it has none or it cannot be read."""
    try:
        return read_file(folder / TIMESTAMP)[:STAMP_BYTES].decode(errors="replace")
    except Refused:
        return None


def _write_stamp(path: Path, text: str | None) -> None:
    """Write the text of a timestamp, or remove the file if there is none."""
    if text is None:
        path.unlink(missing_ok=True)
    else:
        write_atomically(path, text.encode())
