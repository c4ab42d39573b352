"""Each way of building an exercise wrongly is found and named."""

import pytest
from toy_course import cell_of

from autograder.notebooks.structure import structure_problems


def test_a_well_built_notebook_has_no_problem(notebook):
    assert structure_problems(notebook) == []


def change_source(cell_id, old, new):
    def change(notebook):
        cell = cell_of(notebook, cell_id)
        assert old in cell.source
        cell.source = cell.source.replace(old, new)

    return change


def change_role(cell_id, **role):
    def change(notebook):
        cell_of(notebook, cell_id).metadata.nbgrader.update(role)

    return change


def remove(cell_id):
    def change(notebook):
        notebook.cells.remove(cell_of(notebook, cell_id))

    return change


def move_to_end(cell_id):
    def change(notebook):
        cell = cell_of(notebook, cell_id)
        notebook.cells.remove(cell)
        notebook.cells.append(cell)

    return change


def double_def(notebook):
    cell_of(notebook, "double").source += "\ndef helper():\n    pass"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (remove("setup"), "exactly one cell must be tagged 'setup', got 0"),
        (move_to_end("setup"), "the setup cell must be before"),
        (remove("mean_hidden"), "mean needs a visible and a hidden test"),
        (remove("mean_visible"), "mean needs a visible and a hidden test"),
        (remove("mean"), "mean has no solution cell"),
        (remove("card-2"), "mean has no card"),
        (change_source("card-2", "4 points", "5 points"), "states 5 points, its test cells give 4"),
        (change_role("mean_hidden", points=0), "must be more than 0, got 0"),
        (change_role("mean_hidden", points="2"), "must be more than 0, got '2'"),
        (change_role("mean_hidden", grade_id="mean_visible"), "'mean_visible' is used 2 times"),
        (change_role("mean_visible", locked=False), "must have nbgrader's locked = True"),
        (change_role("mean", locked=True), "must have nbgrader's locked = False"),
        (change_role("mean", schema_version=2), "must have nbgrader's schema_version = 3"),
        (change_source("mean", "### BEGIN SOLUTION", ""), "needs one region"),
        (change_source("mean", "def mean", "def average"), "must define the function or class mean"),
        (double_def, "must define the function or class double and no other"),
        (change_source("mean_hidden", "# The same on other inputs.\n", ""), "must be a comment"),
        (change_source("mean_hidden", "# The same", "x = 1 "), "must be a comment"),
        (change_source("mean_hidden", "### BEGIN HIDDEN TESTS", ""), "has no region"),
        (change_source("mean_visible", "3.0)", "(lambda: 3.0)())"), "contains a lambda"),
        (
            change_source("mean_visible", "checks.", "def f():\n    return 1\nchecks."),
            "contains a lambda, def",
        ),
        (change_source("mean_visible", "3.0", "double(1.5)"), "uses 'double', which is neither"),
        (change_source("mean_visible", "3.0", "from_a_demonstration"), "uses 'from_a_demonstration'"),
    ],
)
def test_a_mistake_is_found(notebook, change, said):
    change(notebook)
    assert any(said in problem for problem in structure_problems(notebook))


def test_names_that_a_test_binds_itself_are_its_own(notebook):
    change_source(
        "mean_visible",
        "checks.",
        "from math import pi\nfor x in [pi]:\n    y = [z for z in (x, pi)]\nchecks.",
    )(notebook)
    assert structure_problems(notebook) == []


def test_a_card_may_follow_a_heading_in_its_cell(notebook):
    change_source("card-2", "### Exercise", "## Means\n\nOf 9 points, say.\n\n### Exercise")(notebook)
    assert structure_problems(notebook) == []


def test_a_notebook_without_exercises_is_a_problem(notebook):
    notebook.cells = notebook.cells[:2]
    assert structure_problems(notebook) == ["the notebook has no exercise"]
