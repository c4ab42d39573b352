"""The layout of the course: the paths of a lecture's source, student version and answers."""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

CONFIG_NAME = "nbgrader_config.py"
LECTURE_FOLDER = re.compile(r"(?P<number>\d\d)_(?P<name>[a-z0-9_]+)")
NOTEBOOK_FORMAT = 4
HIDDEN_CHECKS = (
    "hidden_checks"  # the module's name, and its text's key in the metadata of a notebook in memory
)


class CourseError(Exception):
    """The course or its input is wrong; the message is one sentence for the user."""


@dataclass(frozen=True)
class Lecture:
    """One lecture, by the name of its folder, e.g. ``08_elbo_surgery``."""

    course: Path
    folder: str

    @property
    def number(self) -> str:
        """The two digits that the folder's name begins with."""
        return self.folder[:2]

    @property
    def name(self) -> str:
        """The folder's name without its number, which is also the notebook's name."""
        return self.folder[3:]

    @property
    def source(self) -> Path:
        """The complete notebook, from which everything else is generated."""
        return self.course / "solutions" / self.folder / f"{self.name}.ipynb"

    @property
    def student_version(self) -> Path:
        """The released notebook, generated from the source."""
        return self.course / "lectures" / self.folder / f"{self.name}.ipynb"

    @property
    def hidden_checks(self) -> Path:
        """The module that the hidden test cells import as ``hidden_checks``."""
        return self.source.parent / f"{HIDDEN_CHECKS}.py"

    @property
    def answers(self) -> Path:
        """The folder of right and wrong answers that test the checks."""
        return self.source.parent / "answers"


@dataclass(frozen=True)
class Course:
    """A folder with ``nbgrader_config.py`` and lectures under ``solutions/``."""

    root: Path

    @classmethod
    def find(cls, directory: str | Path | None = None) -> Course:
        """Return the course in this folder, or else the course that contains the working directory.

        Without a folder, ``nbgrader_config.py`` is searched for in the working directory and the folders above it, then
        in the folder that contains this package.

        Raises:
            CourseError: if no such file is found.
        """
        if directory is not None:
            candidates = [Path(directory).resolve()]
        else:
            here = Path.cwd()
            candidates = [here, *here.parents, Path(__file__).resolve().parents[2]]
        for candidate in candidates:
            if (candidate / CONFIG_NAME).is_file():
                return cls(candidate)
        raise CourseError(
            f"a course must contain {CONFIG_NAME}, got {candidates[0]}; "
            "change to the course's folder or name it with --course"
        )

    def lectures(self) -> list[Lecture]:
        """Return the lectures that have a folder under ``solutions/``, in order."""
        folders = sorted((self.root / "solutions").glob("*/"))
        return [Lecture(self.root, f.name) for f in folders if LECTURE_FOLDER.fullmatch(f.name)]

    def lecture(self, wanted: str) -> Lecture:
        """Return the lecture with this folder (``08_elbo_surgery``), number (``08``) or name.

        Raises:
            CourseError: if there is no such lecture; the message lists the lectures.
        """
        known = self.lectures()
        for lecture in known:
            names = {lecture.folder, lecture.name, lecture.number, lecture.number.lstrip("0") or "0"}
            if wanted in names:
                return lecture
        listed = ", ".join(lecture.folder for lecture in known) or "(none: solutions/ is empty)"
        raise CourseError(f"the lecture must be one of {listed}; got {wanted!r}")

    def select(self, wanted: Sequence[str]) -> list[Lecture]:
        """Return the lectures with these names, or all of them if no name is given.

        Raises:
            CourseError: if a name is unknown, or if the course has no lecture.
        """
        lectures = [self.lecture(name) for name in wanted] if wanted else self.lectures()
        if not lectures:
            raise CourseError(f"{self.root / 'solutions'} contains no lecture")
        return lectures


def read_source(lecture: Lecture) -> NotebookNode:
    """Read a lecture's source notebook together with its hidden checks.

    The text of ``hidden_checks.py``, if there is one, is added to the notebook's metadata, so that grading needs
    only the notebook, on any machine. It is never written to a file.

    Raises:
        CourseError: if the notebook or its hidden checks cannot be read.
    """
    return with_hidden_checks(read_notebook(lecture.source), lecture)


def with_hidden_checks(notebook: NotebookNode, lecture: Lecture) -> NotebookNode:
    """Return a copy of a lecture's notebook with the text of its hidden checks in the metadata.

    Raises:
        CourseError: if the hidden checks cannot be read.
    """
    copy = nbformat.from_dict(notebook)
    copy.metadata = nbformat.from_dict(notebook.metadata)
    try:
        if lecture.hidden_checks.is_file():
            copy.metadata[HIDDEN_CHECKS] = lecture.hidden_checks.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"{lecture.hidden_checks} cannot be read: {error}") from None
    return copy


def source_digest(lecture: Lecture) -> str:
    """Return a hash of a lecture's source notebook and hidden checks.

    Raises:
        CourseError: if one of them cannot be read.
    """
    digest = hashlib.sha256()
    for path in (lecture.source, lecture.hidden_checks):
        try:
            content = path.read_bytes() if path == lecture.source or path.is_file() else b""
        except OSError as error:
            raise CourseError(f"{path} cannot be read: {error.strerror}") from None
        digest.update(b"%d\0" % len(content) + content)
    return digest.hexdigest()


def read_notebook(path: Path) -> NotebookNode:
    """Read a notebook of format 4.

    Raises:
        CourseError: if the file is missing, or is not text, not JSON, not a notebook or not in format 4.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CourseError(f"the notebook {path} does not exist") from None
    except UnicodeDecodeError:
        raise CourseError(f"{path} is not a notebook: it is not encoded in UTF-8") from None
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}") from None
    try:
        content = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        reason = "it is empty" if not text.strip() else f"it is not JSON ({error})"
        raise CourseError(f"{path} is not a notebook: {reason}") from None
    return _checked_notebook(content, path)


def _checked_notebook(content: object, path: Path) -> NotebookNode:
    if not isinstance(content, dict) or "nbformat" not in content:
        raise CourseError(f"{path} is not a notebook: it is JSON, but has no nbformat entry")
    if content["nbformat"] != NOTEBOOK_FORMAT:
        raise CourseError(
            f"the format of {path} must be {NOTEBOOK_FORMAT}, got {content['nbformat']}; "
            "open it in JupyterLab and save it again"
        )
    notebook = nbformat.from_dict(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # about cells without ids: older editors write none, and nothing needs them
            nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        reason = str(error).splitlines()[0]
        raise CourseError(f"{path} is not a valid notebook: {reason}") from None
    for cell in notebook.cells:
        if isinstance(cell.source, list):
            cell.source = "".join(cell.source)
    return notebook


def is_folder_name(student: str) -> bool:
    """Return whether a student's name can be the name of a single folder, not a path."""
    return student not in ("", ".", "..") and not any(sign in student for sign in "/\\\0")
