"""What is not as it was released is remarked on; honest work is not."""

import json
from copy import deepcopy

import nbformat
import pytest
from handed_in import DOUBLE, MEAN, SOURCE, handed_in_notebook, remark, taken
from nbformat.v4 import new_code_cell
from nbgrader.utils import compute_checksum
from toy_course import cell_of

from autograder.submission.record import RemarkKind
from autograder.submission.submission import submission_from_notebook

pytestmark = pytest.mark.security


@pytest.fixture
def handed_in():
    return handed_in_notebook()


# What honest students, editors and nbgrader do.


def _executed(notebook):
    for number, cell in enumerate(c for c in notebook.cells if c.cell_type == "code"):
        cell.execution_count = number
        cell.outputs = [nbformat.v4.new_output("stream", text="x\n")]


def _added(notebook):
    notebook.cells.insert(3, new_code_cell("print(2)", metadata={"tags": ["mine"], "jupyter": {"a": 1}}))
    notebook.cells.append(nbformat.v4.new_markdown_cell("a note"))


def _white_space(notebook):
    for cell in notebook.cells:
        cell.source = "".join(f"{line}  \r\n" for line in cell.source.split("\n")) + "\n"


def _formatted(notebook):
    cell = cell_of(notebook, "double_visible")
    cell.source = cell.source.replace('("', "(\n    '").replace('",', "',  # two\n")


def _tagged(notebook):
    for cell in notebook.cells:
        cell.metadata.tags = [*cell.metadata.get("tags", []), "remove_input"]
        cell.metadata.editable, cell.metadata.slideshow = True, {"slide_type": ""}


def _without_ids_and_checksums(notebook):
    for cell in notebook.cells:
        del cell["id"]
        cell.metadata.get("nbgrader", {}).pop("checksum", None)
        cell.metadata.get("nbgrader", {}).pop("task", None)


@pytest.mark.parametrize(
    "change", [_executed, _added, _white_space, _formatted, _tagged, _without_ids_and_checksums]
)
def test_what_honest_students_and_their_editors_do_is_not_remarked_on(handed_in, change):
    change(handed_in)
    submission = submission_from_notebook(json.loads(json.dumps(handed_in)), SOURCE, "ann")
    assert not submission.remarks and not submission.failure
    assert submission.solutions.keys() == {"double", "mean"}


def test_a_test_of_an_older_release_is_not_called_tampering(handed_in):
    cell = cell_of(handed_in, "double_visible")
    cell.source += "\nassert True"
    cell.metadata.nbgrader.checksum = compute_checksum(cell)
    assert "another release" in remark(taken(handed_in), RemarkKind.NOTE).message


# Reported and never obeyed.


def _edit_test(notebook):
    cell_of(notebook, "double_visible").source = "pass"


def _empty_hidden_test(notebook):
    cell_of(notebook, "mean_hidden").source = "mean = lambda values: 4.0"


def _raise_points(notebook):
    cell_of(notebook, "double_visible").metadata.nbgrader.points = 400


def _points_as_text(notebook):
    cell_of(notebook, "double_visible").metadata.nbgrader.points = "1"


def _points_as_true(notebook):
    cell_of(notebook, "double_visible").metadata.nbgrader.points = True


def _unlock(notebook):
    cell_of(notebook, "double_visible").metadata.nbgrader.locked = False


def _grade_the_solution(notebook):
    cell_of(notebook, "double").metadata.nbgrader.update(grade=True, points=5)


def _test_as_markdown(notebook):
    cell = cell_of(notebook, "double_visible")
    cell.cell_type = "markdown"
    del cell["outputs"], cell["execution_count"]


def _rename(notebook):
    cell_of(notebook, "double_visible").metadata.nbgrader.grade_id = "triple_visible"


def _another_graded_cell(notebook):
    cell = deepcopy(cell_of(notebook, "double_visible"))
    cell.id, cell.source, cell.metadata.nbgrader.grade_id = "bonus", "1000", "bonus"
    notebook.cells.append(cell)


def _swap(notebook):
    notebook.cells[3], notebook.cells[8] = notebook.cells[8], notebook.cells[3]


def _show_hidden_test(notebook):
    cell_of(notebook, "double_hidden").source = cell_of(SOURCE, "double_hidden").source


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_edit_test, "the text of double_visible was changed"),
        (_empty_hidden_test, "the text of mean_hidden was changed"),
        (_raise_points, "double_visible (points 400 for 1)"),
        (_points_as_text, "double_visible (points '1' for 1)"),
        (_points_as_true, "double_visible (points of type bool for 1)"),
        (_unlock, "double_visible (locked)"),
        (_grade_the_solution, "double (grade)"),
        (_test_as_markdown, "double_visible (cell type 'markdown')"),
        (_rename, "double_visible (now 'triple_visible')"),
        (_another_graded_cell, "graded cells that are not in the lecture earn nothing: 'bonus'"),
        (_swap, "cells were moved"),
        (_show_hidden_test, "the hidden part of double_hidden is in the submitted notebook"),
    ],
)
def test_tampering_is_remarked_on_and_changes_no_solution_text(handed_in, change, said):
    change(handed_in)
    submission = taken(handed_in)
    found = remark(submission, RemarkKind.TAMPERING)
    assert said in found.message and found.for_student == ""
    assert submission.solutions == {"double": DOUBLE, "mean": MEAN}


def test_a_missing_test_is_remarked_on(handed_in):
    handed_in.cells.remove(cell_of(handed_in, "double_visible"))
    found = remark(taken(handed_in), RemarkKind.MISSING)
    assert "double_visible" in found.message and "double_visible" in found.for_student


def test_a_missing_solution_cell_is_remarked_on_and_the_rest_is_taken(handed_in):
    handed_in.cells.remove(cell_of(handed_in, "double"))
    submission = taken(handed_in)
    assert submission.solutions == {"mean": MEAN}
    assert "solution cell double" in remark(submission, RemarkKind.MISSING).for_student


def test_of_a_cell_that_was_split_the_first_part_counts_and_both_are_told(handed_in):
    second = deepcopy(cell_of(handed_in, "double"))
    second.source, second.id = "    return 3 * x", "double-2"
    handed_in.cells.insert(4, second)
    submission = taken(handed_in)
    assert submission.solutions["double"] == DOUBLE
    found = remark(submission, RemarkKind.NOTE)
    assert "2 times (cells 4 and 5); only the first one counts" in found.message and found.for_student


def test_a_solution_cell_of_another_type_is_taken_with_a_remark(handed_in):
    cell = cell_of(handed_in, "double")
    cell.cell_type = "raw"
    del cell["outputs"], cell["execution_count"]
    submission = taken(handed_in)
    assert submission.solutions["double"] == DOUBLE
    assert remark(submission, RemarkKind.NOTE).for_student


def test_solution_cells_of_another_lecture_are_a_note(handed_in):
    cell = deepcopy(cell_of(handed_in, "double"))
    cell.id, cell.metadata.nbgrader.grade_id = "elbo", "elbo"
    handed_in.cells.append(cell)
    notes = [found.message for found in taken(handed_in).remarks if found.kind == RemarkKind.NOTE]
    assert "cells of another lecture or release earn nothing: 'elbo'" in notes


def test_another_lectures_notebook_is_a_failure_in_words(handed_in):
    for cell in handed_in.cells:
        cell.metadata.pop("nbgrader", None)
    submission = taken(handed_in)
    assert "none of this lecture's solution cells" in submission.failure
    assert submission.failure_for_student and not submission.solutions


def test_a_changed_set_up_cell_is_a_note_to_the_student(handed_in):
    cell_of(handed_in, "setup").source += "\nimport torch"
    found = remark(taken(handed_in), RemarkKind.NOTE)
    assert "setup" in found.message and "solution cell" in found.for_student
