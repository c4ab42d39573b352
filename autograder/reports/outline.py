"""What a lecture's source says about its exercises: titles and points, for pages and tables."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_task

from autograder.notebooks.course import Lecture, read_notebook
from autograder.notebooks.exercises import exercise_of, grade_id, is_test

TITLE = re.compile(r"^# +(.+)$", re.MULTILINE)
CARD = re.compile(r"^### +(Exercise [\d.]+) · (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class ExerciseOutline:
    """One exercise.

    Attributes:
        name: of the function to be written.
        label: ``Exercise 3.1``, or the name if no card says so.
        title: ``The score of a Gaussian``, or empty.
        points: that it can give.
    """

    name: str
    label: str
    title: str
    points: float

    @property
    def heading(self) -> str:
        """Label and title."""
        return f"{self.label} · {self.title}" if self.title else self.label


@dataclass(frozen=True)
class CellOutline:
    """A cell that gives points; ``manual`` if a person decides on them."""

    grade_id: str
    exercise: str
    points: float
    manual: bool


@dataclass(frozen=True)
class Outline:
    """A lecture's title, its exercises and the cells that give points, each in order.

    Attributes:
        prose: grade ids of the cells that are not code.
    """

    lecture: str
    title: str
    exercises: tuple[ExerciseOutline, ...]
    cells: tuple[CellOutline, ...]
    prose: frozenset[str]

    @property
    def points(self) -> float:
        """Of the whole notebook."""
        return sum(exercise.points for exercise in self.exercises)


def read_outline(lecture: Lecture) -> Outline:
    """Return the outline of a lecture.

    Raises:
        CourseError: if its source cannot be read.
    """
    return outline_of(lecture.folder, read_notebook(lecture.source))


def outline_of(folder: str, source: NotebookNode) -> Outline:
    """Return the outline of a source notebook; what a person grades is an exercise too."""
    title, card, cards, cells, prose = "", None, {}, [], set()
    for cell in source.cells:
        if cell.cell_type == "markdown":
            title = title or next(iter(TITLE.findall(cell.source)), "")
            card = next(reversed(CARD.findall(cell.source)), card)
        if "nbgrader" in cell.metadata:
            cards.setdefault(exercise_of(cell), card)
            card = None
            if cell.cell_type != "code":
                prose.add(grade_id(cell))
            if is_grade(cell) or is_task(cell):
                points = float(cell.metadata.nbgrader.get("points", 0))
                cells.append(CellOutline(grade_id(cell), exercise_of(cell), points, not is_test(cell)))
    names = dict.fromkeys(cell.exercise for cell in cells)
    found = [
        ExerciseOutline(
            name, *(cards[name] or (name, "")), sum(cell.points for cell in cells if cell.exercise == name)
        )
        for name in names
    ]
    return Outline(folder, title or folder, tuple(found), tuple(cells), frozenset(prose))
