"""The failures of each wrong answer of a lecture's bank, graded once and kept next to the journal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import astuple, dataclass
from pathlib import Path

from nbformat import NotebookNode

from autograder.atomic import write_atomically
from autograder.bank.answers import WORKERS, Answer, find_answers
from autograder.judge.executor import Executor
from autograder.notebooks.course import Lecture, read_source, source_digest
from autograder.reports.failures import Failure, failures_among
from autograder.runs.journal import FOLDER
from autograder.submission.grading import grade
from autograder.submission.version import grader_version


@dataclass(frozen=True)
class WrongAnswer:
    """A wrong answer: the comment that describes its mistake, and its failures."""

    comment: str
    failures: frozenset[Failure]


def read_bank(lecture: Lecture, start: Callable[[], Executor] | None = None) -> dict[str, WrongAnswer]:
    """Return the wrong answers of a lecture, by name.

    Earlier results are reused as long as source, answers and grader are the same.

    Args:
        lecture: the lecture with the bank.
        start: starts the executor that grades the bank; if None, only earlier results are returned.

    Raises:
        CourseError: if the source or an answer cannot be read.
    """
    answers = [answer for answer in find_answers(lecture) if not answer.right]
    key, path = _key(lecture, answers), lecture.course / FOLDER / f"{lecture.folder}.bank.json"
    kept = _kept(path, key)
    if kept is not None or start is None:
        return kept or {}
    with closing(start()) as executor:
        bank = _graded(answers, read_source(lecture), executor)
    content = {
        name: [answer.comment, sorted(astuple(failure) for failure in answer.failures)]
        for name, answer in bank.items()
    }
    write_atomically(path, json.dumps({"key": key, "answers": content}).encode())
    return bank


def _graded(answers: list[Answer], source: NotebookNode, executor: Executor) -> dict[str, WrongAnswer]:
    def judged(answer: Answer) -> WrongAnswer:
        grades = grade(source, executor, {answer.exercise: answer.source}, only={answer.exercise})
        errors = {cell.grade_id: cell.error for cell in grades[answer.exercise].cells}
        return WrongAnswer(answer.comment, failures_among(errors))

    with ThreadPoolExecutor(WORKERS) as pool:
        return dict(zip((answer.name for answer in answers), pool.map(judged, answers), strict=True))


def _key(lecture: Lecture, answers: list[Answer]) -> str:
    content = hashlib.sha256(f"{grader_version()}{source_digest(lecture)}".encode())
    for answer in answers:
        content.update(f"\0{answer.name}\0{answer.source}".encode())
    return content.hexdigest()


def _kept(path: Path, key: str) -> dict[str, WrongAnswer] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["key"] != key:
            return None
        return {
            name: WrongAnswer(comment, frozenset(Failure(*parts) for parts in failures))
            for name, (comment, failures) in content["answers"].items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError):  # none yet, or not ours
        return None
