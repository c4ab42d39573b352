"""From outputs to points."""

import nbformat
import pytest
from toy_course import cell_of

from autograder.notebooks.dependencies import affected
from autograder.notebooks.exercises import exercise_of, exercises, is_hidden, without_hidden_tests
from autograder.submission.grading import grade


def points(grades):
    return {name: (exercise.earned, exercise.points) for name, exercise in grades.items()}


def test_exercises_are_found_with_their_cells_and_points(notebook):
    found = exercises(notebook)
    assert {name: item.points for name, item in found.items()} == {"double": 3, "mean": 4}
    assert [is_hidden(cell) for cell in found["mean"].tests] == [False, True]
    assert found["mean"].solution is cell_of(notebook, "mean")


@pytest.mark.parametrize("name", ["elbo", "elbo_visible", "elbo_hidden", "elbo_hidden_2", "elbo_visible_10"])
def test_a_cell_belongs_to_the_exercise_that_its_id_begins_with(notebook, name):
    cell = cell_of(notebook, "mean")
    cell.metadata.nbgrader.grade_id = name
    assert exercise_of(cell) == "elbo"


def test_the_source_earns_all_and_demonstrations_are_not_run(notebook, executor):
    assert points(grade(notebook, executor)) == {"double": (3, 3), "mean": (4, 4)}


def test_partial_credit_by_cell(notebook, executor):
    answers = {"double": "def double(x):\n    return 2 * abs(x)"}
    assert points(grade(notebook, executor, answers)) == {"double": (1, 3), "mean": (4, 4)}


@pytest.mark.parametrize(
    ("value", "earned"),
    [("0.5", 0.5), ("0", 0), ("1", 1), ("2", 0), ("-0.5", 0), ("'text'", 0), ("float('nan')", 0)],
)
def test_partial_credit_by_a_value_from_0_to_the_points(notebook, executor, value, earned):
    cell_of(notebook, "double_visible").source = value
    assert grade(notebook, executor, only={"double"})["double"].cells[0].earned == earned


def test_a_warning_on_stderr_costs_nothing(notebook, executor):
    noise = "import sys, warnings\nwarnings.warn('old')\nprint('x', file=sys.stderr)"
    answer = f"def double(x):\n    exec({noise!r})\n    return 2 * x"
    assert grade(notebook, executor, {"double": answer})["double"].earned == 3


def test_a_syntax_error_costs_its_exercise_only(notebook, executor):
    grades = grade(notebook, executor, {"double": "def double(x:"})
    assert points(grades) == {"double": (0, 3), "mean": (4, 4)}
    assert grades["double"].solution_error.name == "SyntaxError"


def test_without_a_set_up_cell_nothing_is_earned_and_it_is_said(notebook, executor):
    cell_of(notebook, "setup").metadata.tags = []
    grades = grade(notebook, executor)
    assert points(grades) == {"double": (0, 3), "mean": (0, 4)}
    assert "no setup cell" in grades["mean"].cells[0].error.message


def test_grading_leaves_the_notebook_as_it_is(notebook, executor):
    before = nbformat.writes(notebook)
    grade(notebook, executor, {"double": "def double(x):\n    return x"})
    assert nbformat.writes(notebook) == before


def test_only_what_mentions_an_answers_names_is_affected(notebook):
    assert affected(notebook, "double", "def double(x):\n    values = x") == {"double"}
    cell_of(notebook, "mean").source += "\nhalf = double(0.25)"
    assert affected(notebook, "double", "def double(x):\n    return x") == {"double", "mean"}
    assert affected(notebook, "double", "def double(x:") == {"double"}


def test_exercises_that_an_answer_uses_are_affected_as_well(notebook):
    answer = "def mean(values):\n    return double(sum(values)) / (2 * len(values))"
    assert affected(notebook, "mean", answer) == {"double", "mean"}


def test_an_answer_that_overwrites_an_import_affects_those_who_use_it(notebook):
    assert affected(notebook, "double", "import numpy as math") == {"double", "mean"}


def test_what_is_hidden_is_taken_out_of_a_test(notebook):
    assert without_hidden_tests(cell_of(notebook, "mean_hidden").source) == "# The same on other inputs."
