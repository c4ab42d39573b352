"""Run nbgrader's converters in this process, on a course folder and with this course's settings."""

from __future__ import annotations

import io
import logging
import os
import shutil
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.converters.base import BaseConverter
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import SaveCells
from sqlalchemy.exc import SAWarning
from tornado.log import app_log
from traitlets.config import Config, PyFileConfigLoader
from traitlets.log import get_logger
from traitlets.utils.importstring import import_item

from autograder.judge.executor import LIBRARY_ANSWERS
from autograder.notebooks.course import CONFIG_NAME, Course, CourseError, Lecture, read_notebook


class NbgraderCourse:
    """A course folder in nbgrader's sense, with its own gradebook.

    Args:
        root: the folder, which contains ``nbgrader_config.py`` and ``solutions/``.
        settings: further settings, for example from a command line; they override the file.
    """

    def __init__(self, root: Path, settings: Config | None = None) -> None:
        self.root = root
        self.settings = settings or Config()

    @classmethod
    def create(cls, root: Path, course: Course, lectures: Iterable[Lecture]) -> NbgraderCourse:
        """Copy a course's settings and the sources of these lectures into an empty folder."""
        shutil.copy(course.root / CONFIG_NAME, root / CONFIG_NAME)
        for lecture in lectures:
            target = root / "solutions" / lecture.folder / lecture.source.name
            target.parent.mkdir(parents=True)
            shutil.copy(lecture.source, target)
            if lecture.hidden_checks.is_file():
                shutil.copy(lecture.hidden_checks, target.parent)
        return cls(root)

    def release(self, lecture: Lecture, *, gradebook: bool = True) -> Path:
        """Write the student version and return its path; by default, also enter the lecture into the gradebook."""
        settings = Config()
        settings.GenerateAssignment.no_database = not gradebook
        settings.SaveCells.enabled = gradebook
        self._convert(GenerateAssignment, lecture, settings=settings)
        return self.root / "lectures" / lecture.folder / lecture.source.name

    def autograde(self, lecture: Lecture, student: str) -> Path:
        """Grade the submission in ``submitted/STUDENT/LECTURE`` and return the graded notebook's path."""
        self._convert(Autograde, lecture, student)
        return self.root / "autograded" / student / lecture.folder / lecture.source.name

    def feedback(self, lecture: Lecture, student: str) -> Path:
        """Write a student's feedback page and return its path."""
        self._convert(GenerateFeedback, lecture, student)
        return self.root / "feedback" / student / lecture.folder / f"{lecture.name}.html"

    def points(self, lecture: Lecture, student: str) -> dict[str, float]:
        """Return a student's points by test cell, from the gradebook."""
        with self.gradebook() as gradebook:
            submission = gradebook.find_submission(lecture.folder, student)
            return {grade.name: grade.score for book in submission.notebooks for grade in book.grades}

    def master(self, lecture: Lecture) -> NotebookNode:
        """Return the source in the form that ``generate_assignment`` enters into the gradebook.

        It has stubs instead of solutions, the hidden tests, and the checksums of both.

        Raises:
            CourseError: if the source cannot be read, or if nbgrader refuses it.
        """
        notebook, config = read_notebook(lecture.source), self.config()
        resources = {"metadata": {"name": lecture.name, "path": str(lecture.source.parent)}}
        steps = GenerateAssignment(coursedir=self.directory(), config=config).preprocessors
        with as_nbgrader_runs(get_logger()) as log:
            for kind in (import_item(step) if isinstance(step, str) else step for step in steps):
                if issubclass(kind, SaveCells):
                    return notebook
                try:
                    notebook, resources = kind(config=config)(notebook, resources)
                except Exception as error:
                    raise CourseError(
                        f"nbgrader cannot convert {lecture.folder}: {log.reason(error)}"
                    ) from error
        raise CourseError(f"{CONFIG_NAME} has no SaveCells among GenerateAssignment.preprocessors")

    def gradebook(self) -> Gradebook:
        """Open the gradebook; it is created if it does not exist."""
        directory = self.directory()
        with as_nbgrader_runs(app_log):
            return Gradebook(directory.db_url, directory.course_id)

    def library_answers(self) -> str:
        """Return the course's setting ``RunSubmission.library_answers``: "refuse" or "report".

        Raises:
            CourseError: if it has another value.
        """
        setting = self.config().RunSubmission.get("library_answers", LIBRARY_ANSWERS[0])
        if setting not in LIBRARY_ANSWERS:
            choices = " or ".join(map(repr, LIBRARY_ANSWERS))
            raise CourseError(
                f"c.RunSubmission.library_answers in {CONFIG_NAME} must be {choices}, got {setting!r}"
            )
        return setting

    def directory(self) -> CourseDirectory:
        """Return the locations of this course's folders and gradebook."""
        return CourseDirectory(config=self.config())

    def config(self) -> Config:
        """Return the course's settings."""
        config = PyFileConfigLoader(CONFIG_NAME, path=str(self.root)).load_config()
        config.merge(self.settings)
        config.CourseDirectory.root = str(self.root)
        return config

    def _convert(
        self,
        kind: type[BaseConverter],
        lecture: Lecture,
        student: str = "*",
        settings: Config | None = None,
    ) -> None:
        config = self.config()
        config.merge(settings or Config())
        config.CourseDirectory.assignment_id = lecture.folder
        config.CourseDirectory.student_id = student
        config[kind.__name__].force = True
        converter = kind(coursedir=CourseDirectory(config=config), config=config)
        with as_nbgrader_runs(converter.log) as log:
            try:
                converter.start()
            except (Exception, SystemExit) as error:
                raise CourseError(f"nbgrader cannot convert {lecture.folder}: {log.reason(error)}") from error


@contextmanager
def as_nbgrader_runs(logger: logging.Logger | logging.LoggerAdapter) -> Iterator[_CapturedLog]:
    """Set up the environment that nbgrader's code needs, and capture its messages."""
    # A new gradebook is stamped by the command `alembic`, which is next to the Python interpreter.
    # nbgrader's `setenv` would leave the environment without its PATH.
    before = os.environ.get("PATH", os.defpath)
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        with warnings.catch_warnings(), _CapturedLog(logger) as log:
            warnings.simplefilter("ignore", SAWarning)  # about nbgrader's queries; harmless
            yield log
    finally:
        os.environ["PATH"] = before


class _CapturedLog:
    """Keeps nbgrader's messages off the terminal, and finds the reason for an error in them."""

    def __init__(self, logger: logging.Logger | logging.LoggerAdapter) -> None:
        self.logger = getattr(logger, "logger", logger)
        self.text = io.StringIO()
        self.handler = logging.StreamHandler(self.text)

    def __enter__(self) -> _CapturedLog:
        self.before = (self.logger.handlers, self.logger.propagate)
        self.logger.handlers, self.logger.propagate = [self.handler], False
        return self

    def __exit__(self, *_: object) -> None:
        self.logger.handlers, self.logger.propagate = self.before

    def reason(self, error: BaseException) -> str:
        """Return the last line of the traceback that nbgrader logged, or the error's own message."""
        lines = self.text.getvalue().splitlines()
        if "Traceback (most recent call last):" not in lines:
            return str(error)
        start = len(lines) - lines[::-1].index("Traceback (most recent call last):")
        return next((line for line in lines[start:] if line and not line.startswith(" ")), str(error))
