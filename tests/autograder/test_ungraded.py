"""Names that a solution relies on and that grading will not find are told."""

import pytest
from handed_in import DOUBLE, handed_in_notebook, remark, taken
from nbformat.v4 import new_code_cell
from toy_course import cell_of

from autograder.submission.record import RemarkKind


@pytest.fixture
def handed_in():
    return handed_in_notebook()


def with_cell(handed_in, text, answer):
    handed_in.cells.insert(2, new_code_cell(text))
    cell_of(handed_in, "double").source = answer
    return taken(handed_in)


@pytest.mark.parametrize(
    "text",
    [
        "def helper(x): return x",
        "class helper: pass",
        "from math import sqrt as helper",
        "helper = 2",
        "%matplotlib inline\nfor helper in range(3):\n    pass",
    ],
)
def test_what_a_solution_uses_and_an_ungraded_cell_defines_is_told(handed_in, text):
    submission = with_cell(handed_in, text, "def double(x):\n    return [helper(y) for y in x]")
    found = remark(submission, RemarkKind.NOTE)
    assert found.message == (
        "solution cell double uses helper, which is defined in a cell that is not graded (cell 3)"
    )
    assert found.for_student == (
        "helper is defined in a cell that is not graded (cell 3); define it inside the solution cell double."
    )


def test_of_many_names_that_ungraded_cells_define_the_first_are_told(handed_in):
    names = [f"helper_{number}" for number in range(100)]
    submission = with_cell(
        handed_in, " = ".join(names) + " = 1", f"def double(x): return [{','.join(names)}]"
    )
    assert 1 < len(submission.remarks) <= 10


@pytest.mark.parametrize(
    "answer",
    [
        "def double(x):\n    helper = 2\n    return helper * x",
        "def double(x, helper=2):\n    return helper * x",
        "def double(x):\n    def helper(y): return 2 * y\n    return helper(x)",
        "import math as helper\ndef double(x):\n    return helper.fsum([x, x])",
        "def double(x):\n    return x.helper",
        "def double(x):\n    return sum(helper for helper in (x, x))",
        "def double(x:",
        "\0",
    ],
)
def test_a_solution_that_has_the_name_itself_gets_no_note(handed_in, answer):
    assert with_cell(handed_in, "def helper(x): return x", answer).remarks == ()


def test_what_the_set_up_or_another_solution_defines_gets_no_note(handed_in):
    answer = "def double(x):\n    return math.fsum([mean([x]), len([x]) * x])"
    assert with_cell(handed_in, "import math\nmean = len = 1", answer).remarks == ()


def test_an_import_that_was_added_to_the_set_up_cell_is_told(handed_in):
    cell_of(handed_in, "setup").source += "\nimport itertools"
    cell_of(handed_in, "double").source = "def double(x):\n    return itertools.count(x)"
    told = [found.for_student for found in taken(handed_in).remarks]
    assert any(text.startswith("itertools is defined in a cell that is not graded") for text in told)


def test_an_answer_in_a_cell_of_its_own_is_told(handed_in):
    submission = with_cell(handed_in, DOUBLE, "def double(x):\n    raise NotImplementedError")
    found = remark(submission, RemarkKind.NOTE)
    assert found.for_student.startswith("You define double in cell 3, which is not graded")
