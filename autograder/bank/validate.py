"""Check that a lecture is ready for release: grade its source, its student version and its answer bank."""

from __future__ import annotations

from dataclasses import dataclass

import nbformat
from nbformat import NotebookNode

from autograder.bank.answers import Verdict, find_answers, judge_all, shortages
from autograder.gradebook.release import student_versions
from autograder.judge.executor import Executor
from autograder.notebooks.course import CourseError, Lecture, read_source
from autograder.notebooks.exercises import exercises
from autograder.notebooks.structure import structure_problems
from autograder.submission.grading import ExerciseGrade, grade
from autograder.tables import table


@dataclass(frozen=True)
class Validation:
    """The result: the points of source and student version, the verdicts on the answers, and the problems."""

    lecture: Lecture
    complete: dict[str, ExerciseGrade]
    untouched: dict[str, ExerciseGrade]
    verdicts: list[Verdict]
    problems: list[str]

    def report(self) -> str:
        """Return a table of the exercises and a line for each problem, for the terminal."""
        header = ["exercise", "points", "source", "student version", "right answers", "wrong answers"]
        rows = [self._row(name) for name in self.complete]
        lines = [self.lecture.folder, table(header, rows)]
        lines += [f"  ✗ {problem}" for problem in self.problems] or ["  ✓ no problems"]
        return "\n".join(lines)

    def _row(self, name: str) -> list[object]:
        own = [verdict for verdict in self.verdicts if verdict.answer.exercise == name]
        untouched = self.untouched.get(name)
        return [
            name,
            self.complete[name].points,
            self.complete[name].earned,
            "not graded" if untouched is None else untouched.earned,
            *(self._count(own, right) for right in (True, False)),
        ]

    @staticmethod
    def _count(verdicts: list[Verdict], right: bool) -> str:
        labeled = [verdict for verdict in verdicts if verdict.answer.right == right]
        good = sum(not verdict.problems for verdict in labeled)
        return f"{good} of {len(labeled)}" if labeled else "–"


def validate(lecture: Lecture, executor: Executor, *, with_answers: bool = True) -> Validation:
    """Grade a lecture's source, its student version and its answers, and list the problems.

    Raises:
        CourseError: if the source cannot be read.
    """
    source = read_source(lecture)
    problems = structure_problems(source)
    complete = grade(source, executor)
    problems += complete_problems(complete)
    untouched: dict[str, ExerciseGrade] = {}
    try:
        student_version = nbformat.reads(student_versions([lecture])[lecture.folder], as_version=4)
    except CourseError as error:
        problems.append(str(error))
    else:
        untouched = grade_untouched(source, student_version, executor)
        problems += untouched_problems(untouched)
    verdicts: list[Verdict] = []
    if with_answers:
        answers = find_answers(lecture)
        problems += shortages(source, answers)
        verdicts = judge_all(answers, source, executor)
        problems += [problem for verdict in verdicts for problem in verdict.problems]
    return Validation(lecture, complete, untouched, verdicts, problems)


def grade_untouched(
    source: NotebookNode, student_version: NotebookNode, executor: Executor, seed: int | None = None
) -> dict[str, ExerciseGrade]:
    """Grade the student version's own solution cells by all tests of the source."""
    stubs = {
        name: exercise.solution.source
        for name, exercise in exercises(student_version).items()
        if exercise.solution is not None
    }
    return grade(source, executor, stubs, seed=seed)


def complete_problems(grades: dict[str, ExerciseGrade]) -> list[str]:
    """Return a sentence for each test cell that does not give the source full points."""
    return [
        f"the source earns {cell.earned:g} of {cell.points:g} points in {cell.grade_id}: {cell.error}"
        for exercise in grades.values()
        for cell in exercise.cells
        if cell.earned != cell.points
    ]


def untouched_problems(grades: dict[str, ExerciseGrade]) -> list[str]:
    """Return a sentence for each test cell that an untouched stub does not fail with NotImplementedError."""
    found = []
    for exercise in grades.values():
        for cell in exercise.cells:
            if cell.earned > 0:
                found.append(f"the untouched stub earns {cell.earned:g} points in {cell.grade_id}")
            elif cell.error is None or cell.error.name != "NotImplementedError":
                found.append(
                    f"the untouched stub must fail in {cell.grade_id} with NotImplementedError, got {cell.error}"
                )
    return found
