"""Every answer of the bank is graded as labeled: this is how a change to a test cell is trusted."""

from functools import cache
from pathlib import Path

import pytest

from autograder.bank.answers import Answer, find_answers, judge, shortages
from autograder.bank.fork_executor import NotebookExecutor
from autograder.notebooks.course import Course, Lecture, read_source

pytestmark = pytest.mark.notebook

LECTURES = Course.find(Path(__file__).parents[1]).lectures()
CASES = [
    pytest.param(lecture, answer, id=f"{lecture.number}/{answer.name}")
    for lecture in LECTURES
    for answer in find_answers(lecture)
]
SEEDS = range(1, 21)

source_of = cache(read_source)


@pytest.fixture(scope="module")
def notebook_executor():
    """Runs cells as a student's notebook does: in one process, without a second one that answers."""
    with NotebookExecutor() as executor:
        yield executor


def test_there_are_answers():
    assert CASES, "no lecture of solutions/ has answers"


@pytest.mark.parametrize("lecture", LECTURES, ids=lambda lecture: lecture.folder)
def test_every_exercise_has_enough_right_and_wrong_answers(lecture: Lecture):
    assert shortages(source_of(lecture), find_answers(lecture)) == []


@pytest.mark.parametrize(("lecture", "answer"), CASES)
def test_an_answer_is_graded_as_labeled_and_as_in_a_notebook(
    lecture: Lecture, answer: Answer, executor, notebook_executor
):
    verdict = judge(answer, source_of(lecture), executor)
    print(f"{answer.comment}\n{verdict.earned:g} of {verdict.points:g} points\n{verdict.message}")
    assert verdict.problems == ()
    assert judge(answer, source_of(lecture), notebook_executor).cells == verdict.cells


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("lecture", "answer"), CASES)
def test_an_answer_is_graded_as_labeled_on_inputs_drawn_anew(
    lecture: Lecture, answer: Answer, seed: int, executor
):
    verdict = judge(answer, source_of(lecture), executor, seed=seed, whole=True)
    print(f"{answer.comment}\n{verdict.earned:g} of {verdict.points:g} points\n{verdict.message}")
    assert verdict.problems == ()
