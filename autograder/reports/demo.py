"""A demonstration class: five submissions of one lecture, graded like a real class."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from nbformat import NotebookNode

from autograder.bank.answers import find_answers
from autograder.gradebook.conversions import NbgraderCourse
from autograder.gradebook.filing import Filing
from autograder.judge.executor import Executor, Limits
from autograder.notebooks.course import Course, CourseError, Lecture, read_notebook, read_source
from autograder.notebooks.exercises import Exercise, exercises
from autograder.reports.feedback import feedback_page, feedback_path
from autograder.reports.graded import read_marks
from autograder.reports.mock_class import handed_in, solutions
from autograder.reports.pages import write_page
from autograder.runs.interrupt import Interrupt
from autograder.runs.journal import Journal
from autograder.runs.progress import Progress
from autograder.runs.run import ClassRun, Settings
from autograder.runs.workers import LocalWorkers
from autograder.submission.record import Record
from autograder.tables import table

STUDENTS = ("complete", "half_right", "untouched", "syntax_error", "not_a_notebook")


@dataclass(frozen=True)
class Demonstration:
    """The records of the class, and the folder with all its files.

    Attributes:
        lecture: the lecture that was handed in.
        worth: the points of each exercise.
        records: the records, in the order of ``STUDENTS``.
        folder: the folder of the course, the gradebook and the feedback.
    """

    lecture: Lecture
    worth: dict[str, float]
    records: list[Record]
    folder: Path

    def report(self) -> str:
        """Return a table of students and points, the reasons for failures, and the path of the feedback."""
        total = sum(self.worth.values())
        header = [
            "student",
            *(f"{name} ({worth:g})" for name, worth in self.worth.items()),
            "points",
            "percent",
        ]
        rows = []
        for record in self.records:
            points = [sum(test.earned for test in record.tests_of(name)) for name in self.worth]
            rows.append([record.student, *points, record.earned, f"{100 * record.earned / total:.0f} %"])
        lines = [f"{self.lecture.folder}: {total:g} points", table(header, rows)]
        lines += [f"{r.student} could not be graded: {r.failure}" for r in self.records if r.failure]
        return "\n".join([*lines, f"feedback pages: {self.folder / 'feedback'}"])


def grade_demo(lecture: Lecture, folder: Path, executor: Executor, *, jobs: int = 1) -> Demonstration:
    """Build the class in an empty folder, enter its grades in a gradebook, and write one feedback page per student.

    A submission that cannot be graded gets a reason and no points, and does not stop the others.

    Args:
        lecture: the lecture that is handed in.
        folder: an empty or new folder for the course, the submissions, the gradebook and the feedback.
        executor: the executor that runs the cells.
        jobs: number of submissions graded at a time.

    Raises:
        CourseError: if the lecture cannot be released, or if the folder is not empty.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise CourseError(
            f"the folder must be empty or new, got {folder}, which contains files; name a new folder"
        )
    source = read_source(lecture)
    made = NbgraderCourse.create(folder.resolve(), Course(lecture.course), [lecture])
    released = read_notebook(made.release(lecture))
    course = Course(made.root)
    copy = Lecture(course.root, lecture.folder)
    for student, text in _submissions(lecture, source, released).items():
        path = course.root / "submitted" / student / lecture.folder / lecture.source.name
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    with (
        Journal.of(copy) as journal,
        Filing(course, copy) as filing,
        Progress(copy.folder, len(STUDENTS)) as progress,
        Interrupt() as interrupt,
    ):
        workers = LocalWorkers(executor, jobs, Limits())
        ClassRun(copy, workers, journal, filing, Settings(Limits()), interrupt).run(STUDENTS, progress)
    for marks in read_marks(copy, STUDENTS):
        write_page(feedback_path(course, copy, marks.record.student), feedback_page(marks))
    records = Journal.of(copy).latest()
    worth = {name: exercise.points for name, exercise in exercises(source).items()}
    return Demonstration(lecture, worth, [records[student] for student in STUDENTS], course.root)


def _submissions(lecture: Lecture, source: NotebookNode, released: NotebookNode) -> dict[str, str]:
    right = solutions(source)
    wrong = {answer.exercise: answer.source for answer in find_answers(lecture) if not answer.right}
    kept = about_half(list(exercises(source).values()))
    half = dict(right)
    for index, name in enumerate(name for name in right if name not in kept):
        if index % 2 == 0 and name in wrong:
            half[name] = wrong[name]
        else:
            del half[name]  # untouched
    last = list(right)[-1]
    broken = {**right, last: right[last] + "\n    return (\n"}
    return {
        "complete": handed_in(released, right),
        "half_right": handed_in(released, half),
        "untouched": handed_in(released, {}),
        "syntax_error": handed_in(released, broken),
        "not_a_notebook": '{"cells": [\n',
    }


def about_half(items: list[Exercise]) -> set[str]:
    """Return the names of the exercises whose points come closest to half of the total."""
    total = sum(item.points for item in items)
    choices = (choice for size in range(len(items) + 1) for choice in combinations(items, size))
    best = min(choices, key=lambda choice: abs(2 * sum(item.points for item in choice) - total))
    return {item.name for item in best}
