"""The answer bank: right and wrong answers to every exercise, which test the checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from autograder.judge.executor import Executor, Limits
from autograder.notebooks.course import CourseError, Lecture, read_notebook
from autograder.notebooks.dependencies import affected
from autograder.notebooks.exercises import exercises
from autograder.submission.grading import ExerciseGrade, grade

FEWEST_RIGHT, FEWEST_WRONG = 2, 4
WORKERS = 2
HINT = "hint:"  # in the same comment, before a part of the hint that the answer must get
RAISES = "raises"  # in the comment of a wrong answer that fails with its own exception


@dataclass(frozen=True)
class Answer:
    """One answer to an exercise; the first line of its file is a comment that describes it."""

    exercise: str
    path: Path

    @property
    def name(self) -> str:
        """The exercise and the file's name, e.g. ``score/wrong_sign``."""
        return f"{self.exercise}/{self.path.stem}"

    @property
    def right(self) -> bool:
        """Whether the answer must earn full points."""
        return self.path.stem.startswith("right_")

    @property
    def source(self) -> str:
        """The text that replaces the solution cell."""
        return self.path.read_text(encoding="utf-8")

    @property
    def comment(self) -> str:
        """The first line, without its comment sign and without the hint."""
        return self._first_line.partition(HINT)[0].strip()

    @property
    def hint(self) -> str:
        """The part of a hint that the answer must get, from its first line after ``hint:``; else empty."""
        return self._first_line.partition(HINT)[2].strip()

    @property
    def _first_line(self) -> str:
        return self.source.partition("\n")[0].lstrip("# ").strip()


@dataclass(frozen=True)
class Verdict:
    """The result of grading an answer.

    Attributes:
        answer: the answer.
        message: the message of the first failed check; empty if none failed.
        problems: sentences on differences from the answer's label; empty if there are none.
        earned: points earned in its exercise.
        points: maximum points of its exercise.
        seconds: wall-clock time of the cells.
        cells: points earned in each test cell of its exercise.
    """

    answer: Answer
    message: str
    problems: tuple[str, ...]
    earned: float
    points: float
    seconds: float
    cells: dict[str, float]


def find_answers(lecture: Lecture) -> list[Answer]:
    """Return a lecture's answers, in order.

    Raises:
        CourseError: if a file is neither ``right_*.py`` nor ``wrong_*.py``, does not begin
            with a comment, or is in a folder that is not named after an exercise.
    """
    known = exercises(read_notebook(lecture.source))
    found = []
    for path in sorted(lecture.answers.glob("*/*.py")):
        answer = Answer(path.parent.name, path)
        if answer.exercise not in known:
            raise CourseError(f"{path}: {lecture.folder} has no exercise {answer.exercise!r}")
        if not path.stem.startswith(("right_", "wrong_")):
            raise CourseError(f"an answer's file must be named right_….py or wrong_….py, got {path}")
        if not answer.source.startswith("#") or not answer.comment:
            raise CourseError(f"{path}: the first line must be a comment that describes the answer")
        found.append(answer)
    return found


def shortages(notebook: NotebookNode, answers: Iterable[Answer]) -> list[str]:
    """Return a sentence for each exercise that has too few right or wrong answers."""
    counts = Counter((answer.exercise, answer.right) for answer in answers)
    found = []
    for name in exercises(notebook):
        for right, word, fewest in ((True, "right", FEWEST_RIGHT), (False, "wrong", FEWEST_WRONG)):
            if counts[name, right] < fewest:
                found.append(
                    f"exercise {name} must have at least {fewest} {word} answers, got {counts[name, right]}"
                )
    return found


def judge(
    answer: Answer,
    notebook: NotebookNode,
    executor: Executor,
    *,
    seed: int | None = None,
    whole: bool = False,
    limits: Limits | None = None,
) -> Verdict:
    """Grade a source notebook in which one solution is replaced by this answer.

    Exercises that use no name that the answer defines behave as in the source. They are run only if ``whole`` is set.
    """
    only = None if whole else affected(notebook, answer.exercise, answer.source)
    answers = {answer.exercise: answer.source}
    grades = grade(notebook, executor, answers, seed=seed, only=only, limits=limits)
    exercise = grades[answer.exercise]
    messages = [str(cell.error) for cell in exercise.cells if cell.error is not None]
    return Verdict(
        answer,
        message=messages[0] if messages else "",
        problems=tuple(_problems(answer, exercise, grades)),
        earned=exercise.earned,
        points=exercise.points,
        seconds=sum(cell.seconds for graded in grades.values() for cell in graded.cells),
        cells={cell.grade_id: cell.earned for cell in exercise.cells},
    )


def _problems(answer: Answer, own: ExerciseGrade, grades: dict[str, ExerciseGrade]) -> Iterable[str]:
    for name, exercise in grades.items():
        if exercise is not own and not exercise.full:
            yield f"{answer.name} costs points in exercise {name}"
    if answer.right and not own.full:
        lost = next(cell for cell in own.cells if cell.earned < cell.points)
        yield f"{answer.name} is right, but loses points in {lost.grade_id}: {lost.error}"
    if not answer.right and own.full:
        yield f"{answer.name} is wrong, but earns full points"
    messages = [cell.error.message for cell in own.cells if cell.error is not None]
    if answer.hint and not any(answer.hint in message for message in messages):
        message = messages[0] if messages else "no message"
        yield f"a check must give {answer.name} a hint with {answer.hint!r}, got {message!r}"
    if not answer.right and RAISES not in answer.comment.lower():
        for cell in own.cells:
            if cell.error is not None and not cell.error.by_check:
                yield f"{answer.name} must fail with a check in {cell.grade_id}, got {cell.error}"


def judge_all(
    answers: Iterable[Answer], notebook: NotebookNode, executor: Executor, seed: int | None = None
) -> list[Verdict]:
    """Judge answers, two at a time."""
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(lambda answer: judge(answer, notebook, executor, seed=seed), answers))
