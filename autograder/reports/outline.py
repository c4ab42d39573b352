"""Titles and points of a lecture's exercises, read from its source, for pages and tables."""

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
        name: the name of the function to write.
        label: for example ``Exercise 3.1``; the name if there is no card.
        title: for example ``The score of a Gaussian``; empty if there is no card.
        points: the maximum points.
    """

    name: str
    label: str
    title: str
    points: float

    @property
    def heading(self) -> str:
        """Label and title, as one heading."""
        return f"{self.label} · {self.title}" if self.title else self.label


@dataclass(frozen=True)
class CellOutline:
    """A cell that gives points; ``manual`` if a person grades it."""

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
        """Maximum points of the notebook."""
        return sum(exercise.points for exercise in self.exercises)


def read_outline(lecture: Lecture) -> Outline:
    """Return the outline of a lecture.

    Raises:
        CourseError: if the source cannot be read.
    """
    return outline_of(lecture.folder, read_notebook(lecture.source))


def outline_of(folder: str, source: NotebookNode) -> Outline:
    """Return the outline of a source notebook; cells that a person grades count as exercises too."""
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
