"""The layout of the course: where a lecture's source, student version and answers lie."""

from __future__ import annotations

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


class CourseError(Exception):
    """Something in the course or in its input is wrong; the message is one sentence for a person."""


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
        """The folder's name without its number; the notebook is called the same."""
        return self.folder[3:]

    @property
    def source(self) -> Path:
        """The complete notebook, from which everything else is made."""
        return self.course / "solutions" / self.folder / f"{self.name}.ipynb"

    @property
    def student_version(self) -> Path:
        """The released notebook, generated from the source."""
        return self.course / "lectures" / self.folder / f"{self.name}.ipynb"

    @property
    def answers(self) -> Path:
        """The folder of right and wrong answers that the checks are tested with."""
        return self.course / "autograder" / "answers" / self.folder


@dataclass(frozen=True)
class Course:
    """A folder with ``nbgrader_config.py`` and lectures under ``solutions/``."""

    root: Path

    @classmethod
    def find(cls, directory: str | Path | None = None) -> Course:
        """Return the course at this folder, or else the one around the working directory.

        Without a folder, the working directory and the folders above it are searched for
        ``nbgrader_config.py``; then the folder that this package lies in.

        Raises:
            CourseError: if no such file is found.
        """
        if directory is not None:
            candidates = [Path(directory).resolve()]
        else:
            here = Path.cwd()
            candidates = [here, *here.parents, Path(__file__).resolve().parents[1]]
        for candidate in candidates:
            if (candidate / CONFIG_NAME).is_file():
                return cls(candidate)
        raise CourseError(
            f"{candidates[0]} holds no {CONFIG_NAME}, so it is no course; "
            "go to the course's folder or name it with --course"
        )

    def lectures(self) -> list[Lecture]:
        """Return the lectures that have a folder under ``solutions/``, in order."""
        folders = sorted((self.root / "solutions").glob("*/"))
        return [Lecture(self.root, f.name) for f in folders if LECTURE_FOLDER.fullmatch(f.name)]

    def lecture(self, wanted: str) -> Lecture:
        """Return the lecture with this folder (``08_elbo_surgery``), number (``08``) or name.

        Raises:
            CourseError: if there is none; the message lists those that there are.
        """
        known = self.lectures()
        for lecture in known:
            names = {lecture.folder, lecture.name, lecture.number, lecture.number.lstrip("0") or "0"}
            if wanted in names:
                return lecture
        listed = ", ".join(lecture.folder for lecture in known) or "none: solutions/ is empty"
        raise CourseError(f"there is no lecture {wanted!r}; the lectures are {listed}")

    def select(self, wanted: Sequence[str]) -> list[Lecture]:
        """Return the lectures with these names, or all of them if no name is given.

        Raises:
            CourseError: if a name is unknown, or if the course has no lecture.
        """
        lectures = [self.lecture(name) for name in wanted] if wanted else self.lectures()
        if not lectures:
            raise CourseError(f"{self.root / 'solutions'} holds no lecture")
        return lectures


def read_notebook(path: Path) -> NotebookNode:
    """Read a notebook of format 4.

    Raises:
        CourseError: if the file is missing, is no text, no JSON, no notebook, or of another format;
            each has its own sentence.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CourseError(f"the notebook {path} does not exist") from None
    except UnicodeDecodeError:
        raise CourseError(f"{path} is not a notebook: it is not text in UTF-8") from None
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
            f"{path} is a notebook of format {content['nbformat']}, not {NOTEBOOK_FORMAT}; "
            "open it in JupyterLab and save it again"
        )
    notebook = nbformat.from_dict(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # cells without ids: older editors write none, all the rest works
            nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        reason = str(error).splitlines()[0]
        raise CourseError(f"{path} is not a valid notebook: {reason}") from None
    for cell in notebook.cells:
        if isinstance(cell.source, list):
            cell.source = "".join(cell.source)
    return notebook
