"""A demonstration class: five submissions of one lecture, graded by nbgrader with a gradebook."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.answer_bank import find_answers
from autograder.conversions import NbgraderCourse
from autograder.course import Course, CourseError, Lecture, read_notebook
from autograder.exercises import (
    SOLUTION_BEGIN,
    SOLUTION_END,
    Exercise,
    exercise_of,
    exercises,
    is_solution_code,
)
from autograder.tables import table

MARKER = re.compile(rf"\s*({SOLUTION_BEGIN}|{SOLUTION_END})")  # no student's cell has them
STUDENTS = ("complete", "half_right", "untouched", "syntax_error", "not_a_notebook")


@dataclass(frozen=True)
class Graded:
    """One student's result: points by exercise, or why nothing could be graded."""

    student: str
    points: dict[str, float]
    failure: str = ""
    feedback: Path | None = None


@dataclass(frozen=True)
class Demonstration:
    """The class's results, and the folder that everything was written in."""

    lecture: Lecture
    worth: dict[str, float]
    results: list[Graded]
    folder: Path

    def report(self) -> str:
        """Return a table of students and points, an explanation of failures, and where the feedback is."""
        total = sum(self.worth.values())
        header = [
            "student",
            *(f"{name} ({worth:g})" for name, worth in self.worth.items()),
            "points",
            "percent",
        ]
        rows = []
        for result in self.results:
            earned = sum(result.points.values())
            points = [result.points.get(name, 0.0) for name in self.worth]
            rows.append([result.student, *points, earned, f"{100 * earned / total:.0f} %"])
        lines = [f"{self.lecture.folder}: {total:g} points", table(header, rows)]
        lines += [f"{r.student} could not be graded: {r.failure}" for r in self.results if r.failure]
        return "\n".join([*lines, f"feedback pages: {self.folder / 'feedback'}"])


def grade_demo(
    lecture: Lecture, folder: Path, progress: Callable[[str], None] = lambda student: None
) -> Demonstration:
    """Build the class in an empty folder, grade it, and write a feedback page for each student.

    A submission that cannot be graded gets a sentence and no points; the others are graded all the same.

    Args:
        lecture: which lecture was handed in.
        folder: where to put the course, the submissions, the gradebook and the feedback.
        progress: called with the name of each student before grading.

    Raises:
        CourseError: if the lecture cannot be released, or if the folder is not empty.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise CourseError(f"{folder} is not empty; name a new folder for the demonstration class")
    source = read_notebook(lecture.source)
    course = NbgraderCourse.create(folder.resolve(), Course(lecture.course), [lecture])
    released = read_notebook(course.release(lecture))
    for student, text in _submissions(lecture, source, released).items():
        path = course.root / "submitted" / student / lecture.folder / lecture.source.name
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    results = []
    for student in STUDENTS:
        progress(student)
        results.append(grade_student(course, lecture, student))
    worth = {name: exercise.points for name, exercise in exercises(source).items()}
    return Demonstration(lecture, worth, results, course.root)


def grade_student(course: NbgraderCourse, lecture: Lecture, student: str) -> Graded:
    """Grade one submission through nbgrader and write its feedback; a failure becomes a sentence."""
    submitted = course.root / "submitted" / student / lecture.folder / lecture.source.name
    try:
        read_notebook(submitted)
    except CourseError as error:  # nbgrader would say only that there was an error
        return Graded(student, {}, failure=str(error))
    try:
        graded = read_notebook(course.autograde(lecture, student))
        points = course.points(lecture, student)
        page = course.feedback(lecture, student)
    except CourseError as error:
        return Graded(student, {}, failure=str(error))
    cells = {cell.metadata.nbgrader.grade_id: exercise_of(cell) for cell in graded.cells if _is_named(cell)}
    by_exercise: dict[str, float] = {}
    for cell_id, score in points.items():
        name = cells[cell_id]
        by_exercise[name] = by_exercise.get(name, 0.0) + score
    return Graded(student, by_exercise, feedback=page)


def _is_named(cell: NotebookNode) -> bool:
    return "grade_id" in cell.metadata.get("nbgrader", {})


def _submissions(lecture: Lecture, source: NotebookNode, released: NotebookNode) -> dict[str, str]:
    solutions = {name: item.solution.source for name, item in exercises(source).items() if item.solution}
    wrong = {answer.exercise: answer.source for answer in find_answers(lecture) if not answer.right}
    kept = about_half(list(exercises(source).values()))
    half = dict(solutions)
    for index, name in enumerate(name for name in solutions if name not in kept):
        if index % 2 == 0 and name in wrong:
            half[name] = wrong[name]
        else:
            del half[name]  # untouched
    last = list(solutions)[-1]
    broken = {**solutions, last: solutions[last] + "\n    return (\n"}
    return {
        "complete": _handed_in(released, solutions),
        "half_right": _handed_in(released, half),
        "untouched": _handed_in(released, {}),
        "syntax_error": _handed_in(released, broken),
        "not_a_notebook": '{"cells": [\n',
    }


def about_half(items: list[Exercise]) -> set[str]:
    """Return the names of the exercises whose points come closest to half of all."""
    total = sum(item.points for item in items)
    choices = (choice for size in range(len(items) + 1) for choice in combinations(items, size))
    best = min(choices, key=lambda choice: abs(2 * sum(item.points for item in choice) - total))
    return {item.name for item in best}


def _handed_in(released: NotebookNode, answers: Mapping[str, str]) -> str:
    notebook = deepcopy(released)
    for cell in notebook.cells:
        if is_solution_code(cell):
            text = answers.get(exercise_of(cell), cell.source)
            lines = [line for line in text.split("\n") if not MARKER.match(line)]
            cell.source = "\n".join(lines)
    return nbformat.writes(notebook)
