"""The cost of a bad cell: its own exercise and nothing else."""

import pytest

from autograder.judge.executor import Cell, CellError, Limits
from autograder.judge.ledger import Ledger

LIMITS = Limits(cell_seconds=10.0, exercise_seconds=25.0, notebook_seconds=60.0)
SETUP = Cell("imports", "", "setup")
SOLUTIONS = {name: Cell(name, "", "solution", name) for name in "ab"}
TESTS = {name: Cell(f"{name}_visible", "", "test", name) for name in "ab"}
WRONG = CellError("ValueError", "too small")


def refused(ledger, cell):
    """Return the name and the message of the reason why a cell must not be run."""
    error = ledger.refusal(cell)
    return error and (error.name, error.message)


@pytest.fixture
def ledger():
    """The account after the setup and the solutions of two exercises."""
    ledger = Ledger(LIMITS)
    for cell in (SETUP, *SOLUTIONS.values()):
        ledger.record(cell, None, 0.0)
    return ledger


def test_a_new_process_repeats_the_setup_and_the_solutions_that_succeeded():
    ledger = Ledger(LIMITS)
    ledger.record(SETUP, None, 1.0)
    ledger.record(SOLUTIONS["a"], WRONG, 1.0)
    ledger.record(SOLUTIONS["b"], None, 1.0)
    ledger.record(TESTS["b"], None, 1.0)
    assert ledger.to_repeat == [SETUP, SOLUTIONS["b"]]


def test_a_setup_that_fails_fails_everything():
    ledger = Ledger(LIMITS)
    ledger.record(SETUP, WRONG, 1.0)
    message = "this cell was not run, because the setup cell imports failed with ValueError: too small"
    assert [refused(ledger, cell) for cell in (SOLUTIONS["a"], TESTS["b"])] == [("NotRun", message)] * 2


def test_a_solution_that_fails_fails_its_tests():
    ledger = Ledger(LIMITS)
    ledger.record(SOLUTIONS["a"], WRONG, 1.0)
    message = "this cell was not run, because the solution cell a failed with ValueError: too small"
    assert refused(ledger, TESTS["a"]) == ("NotRun", message)
    assert refused(ledger, SOLUTIONS["b"]) is None


def test_a_test_that_fails_costs_nothing_else_unless_its_process_ended(ledger):
    ledger.record(TESTS["a"], WRONG, 1.0)
    assert refused(ledger, TESTS["a"]) is None
    ledger.record(TESTS["a"], CellError("ProcessDied", "gone"), 1.0, process_ended=True)
    message = "this cell was not run, because the test cell a_visible failed with ProcessDied: gone"
    assert refused(ledger, TESTS["a"]) == ("NotRun", message)
    assert refused(ledger, TESTS["b"]) is None


def test_a_cell_has_the_time_that_it_its_exercise_and_the_notebook_have_left(ledger):
    assert ledger.seconds_for(TESTS["a"]) == 10.0
    ledger.record(TESTS["a"], None, 18.0)
    assert [ledger.seconds_for(TESTS[name]) for name in "ab"] == [7.0, 10.0]
    ledger.record(SETUP, None, 38.0)  # it belongs to no exercise
    assert [ledger.seconds_for(cell) for cell in (SETUP, TESTS["a"], TESTS["b"])] == [4.0] * 3


def test_when_the_time_of_an_exercise_is_used_up_the_others_keep_theirs(ledger):
    ledger.record(TESTS["a"], None, 25.0)
    message = "the exercise's limit of 25 s was used up before this cell"
    assert refused(ledger, TESTS["a"]) == ("ExerciseTimeout", message)
    assert refused(ledger, TESTS["b"]) is None


def test_when_the_time_of_the_notebook_is_used_up_nothing_more_is_run(ledger):
    ledger.record(SETUP, None, 60.0)
    message = "the notebook's limit of 60 s was used up before this cell"
    assert [refused(ledger, cell) for cell in (SETUP, TESTS["b"])] == [("NotebookTimeout", message)] * 2


def test_limits_are_lengthened_by_a_long_cell_and_never_shortened():
    assert Limits().lengthened() == Limits()
    long = Limits(cell_seconds=1000.0).lengthened()
    assert (long.cell_seconds, long.exercise_seconds, long.notebook_seconds) == (1000.0, 1000.0, 1000.0)
    long = Limits(cell_seconds=100.0).lengthened()
    assert (long.cell_seconds, long.exercise_seconds, long.notebook_seconds) == (100.0, 100.0, 300.0)
