"""Made-up classes built from the answer bank, for demonstrations, benchmarks and tests."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy

import nbformat
from nbformat import NotebookNode

from autograder.bank.answers import find_answers
from autograder.notebooks.course import Lecture, read_notebook
from autograder.notebooks.exercises import (
    SOLUTION_BEGIN,
    SOLUTION_END,
    exercise_of,
    exercises,
    is_solution_code,
)

MARKER = re.compile(rf"\s*({SOLUTION_BEGIN}|{SOLUTION_END})")  # a student's cell does not contain them
SHARE_RIGHT = 0.6


def handed_in(released: NotebookNode, answers: Mapping[str, str]) -> str:
    """Return the student version as text, with these answers, by exercise, in its solution cells."""
    notebook = deepcopy(released)
    for cell in notebook.cells:
        if is_solution_code(cell):
            text = answers.get(exercise_of(cell), cell.source)
            cell.source = "\n".join(line for line in text.split("\n") if not MARKER.match(line))
    return nbformat.writes(notebook)


def solutions(source: NotebookNode) -> dict[str, str]:
    """Return the text of the solution cells by exercise."""
    return {name: item.solution.source for name, item in exercises(source).items() if item.solution}


def random_class(lecture: Lecture, size: int, seed: int) -> Iterator[tuple[str, str]]:
    """Yield the names and notebooks of a random class.

    For each exercise, a right answer (the source's or one of the bank) has probability ``SHARE_RIGHT``, else a wrong
    answer of the bank is drawn, if there is one.

    Args:
        lecture: a lecture whose student version has been released.
        size: number of students.
        seed: the seed of all draws.
    """
    draw = random.Random(seed)
    source, released = read_notebook(lecture.source), read_notebook(lecture.student_version)
    right, wrong = ({name: [text] for name, text in solutions(source).items()}, {})
    for answer in find_answers(lecture):
        (right if answer.right else wrong).setdefault(answer.exercise, []).append(answer.source)
    for number in range(size):
        chosen = {
            name: draw.choice(right[name] if draw.random() < SHARE_RIGHT else wrong.get(name, right[name]))
            for name in right
        }
        yield f"student{number:04}", handed_in(released, chosen)
