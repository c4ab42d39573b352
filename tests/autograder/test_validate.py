"""A lecture that is fit to be released passes; each thing that makes it unfit is named."""

import pytest
from toy_course import cell_of, toy_notebook, write_source

from autograder.bank.validate import validate

pytestmark = pytest.mark.notebook


def test_a_sound_lecture_has_no_problem(lecture, executor):
    validation = validate(lecture, executor)
    assert validation.problems == []
    row = next(line for line in validation.report().splitlines() if line.startswith("mean"))
    assert row.split("  ")[0] == "mean"
    assert row.split()[1:4] == ["4", "4", "0"]
    assert row.endswith("2 of 2         4 of 4")


def problems_after(lecture, executor, cell_id, old, new):
    notebook = toy_notebook()
    cell = cell_of(notebook, cell_id)
    assert old in cell.source
    cell.source = cell.source.replace(old, new)
    write_source(lecture, notebook)
    return validate(lecture, executor).problems


def test_one_wrong_sign_in_a_solution_is_found(lecture, executor):
    problems = problems_after(lecture, executor, "double", "= 2 * x", "= -2 * x")
    assert any("the source earns 0 of 1 points in double_visible: CheckFailed" in p for p in problems)


def test_a_check_that_passes_whatever_comes_is_found(lecture, executor):
    problems = problems_after(lecture, executor, "double_visible", "double(2.0), 4.0", "4.0, 4.0")
    assert "the untouched stub earns 1 points in double_visible" in problems


def test_a_stub_that_fails_by_accident_is_found(lecture, executor):
    problems = problems_after(lecture, executor, "double", "x: float", "x: Float")
    assert any(
        "must fail in double_visible with NotImplementedError, got NotRun" in problem for problem in problems
    )


def test_a_solution_without_its_end_is_found_and_the_rest_still_reported(lecture, executor):
    problems = problems_after(lecture, executor, "mean", "### END SOLUTION", "")
    assert any("cannot convert 03_toy" in problem for problem in problems)


def test_the_answer_bank_can_be_left_out(lecture, executor):
    validation = validate(lecture, executor, with_answers=False)
    assert validation.verdicts == []
    assert validation.problems == []
