"""Where a record goes: into ``autograded/`` and into the gradebook, by one writer."""

from __future__ import annotations

import json
import os
import warnings
from datetime import datetime
from functools import cached_property
from pathlib import Path

import nbformat
from nbgrader.converters import Autograde
from nbgrader.utils import parse_utc

from autograder.gradebook.conversions import NbgraderCourse
from autograder.gradebook.gradebook import LectureGrades
from autograder.gradebook.judged import METADATA, judged_notebook
from autograder.gradebook.task_answers import task_answers, with_answers
from autograder.notebooks.course import Course, CourseError, Lecture
from autograder.submission.files import read_file
from autograder.submission.record import Record
from autograder.submission.refusal import Refused, shown

TIMESTAMP = "timestamp.txt"
STAMP_BYTES = 200  # a date has 30


class Filing:
    """Files the records of one lecture. A context manager, for one thread.

    A submission's points are in the gradebook before its notebook is in ``autograded/``, and that is written
    beside and then renamed: where the notebook is, everything is.

    Args:
        course: the course; its settings name the folders and the gradebook.
        lecture: the lecture, which is entered into the gradebook as its source is now.

    Attributes:
        notes: sentences for the instructor on what was found while filing.

    Raises:
        CourseError: on entering, if the source cannot be converted or the gradebook cannot be used, or if it has
            grades for cells that the source has no longer.
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

        Points that a person gave are kept. Where the record has a ``failure``, every test gives no points, and
        shows why in formgrader.

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
            _write(path.with_name(TIMESTAMP), stamp)
            _write(path, nbformat.v4.writes(notebook) + "\n")
            self.converter.set_permissions(self.lecture.folder, record.student)
        except OSError as error:
            raise CourseError(f"{path} cannot be written: {error.strerror}") from error
        return path

    def is_filed(self, record: Record) -> bool:
        """Whether this very record is in ``autograded/``, and its student has grades that still hold.

        Those of a late submission never do, see :meth:`LectureGrades.settled`; filing it again is cheap.
        """
        path = self._path(record.student)
        try:
            said = json.loads(path.read_bytes())["metadata"][METADATA]
            same = (said["key"], said["check_seed"]) == (record.key, record.seed)
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            return False
        submitted = self._folder(self.directory.submitted_directory, record.student)
        return same and _stamp(path.parent) == _stamp(submitted) and record.student in self.settled

    @cached_property
    def settled(self) -> set[str]:
        """The students whose grades were settled when this was first asked."""
        return self.grades.settled()

    def _path(self, student: str) -> Path:
        return self._folder(self.directory.autograded_directory, student) / self.lecture.source.name

    def _folder(self, step: str, student: str) -> Path:
        if Path(student).name != student or student in ("", ".", ".."):
            raise CourseError(f"a student cannot be called {student!r}: it is no name of a folder")
        return Path(self.directory.format_path(step, student, self.lecture.folder))

    def _date(self, stamp: str | None, record: Record) -> datetime | None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about time zones that are none
                return parse_utc(stamp.strip() or None) if stamp is not None else None
        except (ValueError, OverflowError):
            self.notes.append(
                f"{record.student}: {TIMESTAMP} holds no date ({shown(stamp.strip())}), so this submission was "
                "filed without one, and does not count as late"
            )
            return None


def _stamp(folder: Path) -> str | None:
    """The text of a folder's timestamp, or None if it has none that can be read."""
    try:
        return read_file(folder / TIMESTAMP)[:STAMP_BYTES].decode(errors="replace")
    except Refused:
        return None


def _write(path: Path, text: str | None) -> None:
    """Write a file beside it and rename, so that it is never half there; remove it if there is no text."""
    if text is None:
        path.unlink(missing_ok=True)
        return
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    new.write_text(text, encoding="utf-8")
    os.replace(new, path)
