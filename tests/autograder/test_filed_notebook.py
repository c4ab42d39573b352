"""The notebook in autograded/: what a record becomes for nbgrader and for those who read it."""

import json
from copy import deepcopy
from dataclasses import replace

import nbformat
import pytest
from graded_course import (
    FULL,
    by_exercise,
    file,
    graded,
    hand_in,
    judged,
    manual_notebook,
    open_gradebook,
    points,
    with_task_answer,
)
from graded_databases import (
    local_course,  # noqa: F401 (a fixture)
)
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader.utils import determine_grade, is_solution
from toy_course import cell_of, write_source

from autograder.gradebook.judged import judged_notebook
from autograder.judge.executor import CellError
from autograder.notebooks.course import read_notebook
from autograder.submission.record import Record, SolutionRecord, TestRecord

pytestmark = pytest.mark.notebook


@st.composite
def outcomes(draw):
    """A test's points, earned points and error as the judge may give them."""
    most = draw(st.sampled_from([0.5, 1.0, 2.0, 3.0]))
    error = draw(st.none() | st.builds(CellError, st.text(max_size=9), st.text(max_size=9)))
    earned = 0.0 if error else draw(st.sampled_from([most]) | st.floats(0, most))
    return most, earned, error


@given(result=outcomes(), output=st.text(max_size=20), name=st.sampled_from(["mean_visible", "mean_hidden"]))
def test_nbgraders_rule_gives_each_test_the_points_of_the_record(result, output, name):
    most, earned, error = result
    source = manual_notebook()
    cell_of(source, name).metadata.nbgrader.points = most
    test = TestRecord(name, "mean", "hidden" in name, "", "", most, earned, output, error)
    notebook = judged_notebook(source, Record("ada", "03_toy", tests=(test,)))
    assert determine_grade(cell_of(notebook, name)) == (earned, most)
    assert determine_grade(cell_of(notebook, "double_visible"))[0] == 0  # nothing is known of it
    json.dumps(notebook, ensure_ascii=False).encode()


def test_what_a_submission_prints_and_shows_is_filed_as_text(local):
    lecture = local.lecture("03")
    hand_in(lecture, "ada", {"double": "FULL NOISE", "mean": "FULL"})
    file(local, judged(lecture, "ada"))
    cell = cell_of(graded(lecture, "ada"), "double")
    assert cell.source == "FULL NOISE"
    assert [(out.output_type, out.name, out.text) for out in cell.outputs] == [
        ("stream", "stdout", "warned in double\n"),
        ("stream", "stdout", "bold\n"),
    ]
    assert by_exercise(points(local, "ada"))["double"] == 3


def test_a_cell_that_was_deleted_or_emptied_counts_as_not_answered(local):
    lecture = local.lecture("03")
    path = hand_in(lecture, "ada", {"essay": "\n ", "mean": "FULL"})
    handed = nbformat.read(path, as_version=4)
    handed.cells = [cell for cell in handed.cells if cell.id not in ("double", "plot")]
    path.write_text(json.dumps(handed))
    file(local, judged(lecture, "ada"))
    with open_gradebook(local) as gradebook:
        book = gradebook.find_submission_notebook("toy", "03_toy", "ada")
        said = {comment.name: comment.comment for comment in book.comments if comment.comment}
        assert said == dict.fromkeys(["double", "essay", "plot"], "No response.")
        waiting = {grade.name for grade in book.grades if grade.needs_manual_grade}
        assert waiting == {"task"}
    assert cell_of(graded(lecture, "ada"), "plot").source.strip().endswith("raise NotImplementedError")


def test_an_image_is_kept_only_if_it_is_one(notebook):
    def outputs_of(text):
        shown = {"output_type": "display_data", "data": {"image/png": text}}
        record = Record("ada", "03_toy", solutions=(SolutionRecord("mean", "mean", "x", (shown,)),))
        return cell_of(judged_notebook(notebook, record), "mean").outputs

    png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVQIHWNgAAAAAgABz8g15QAAAABJRU5ErkJggg=="
    assert outputs_of(png)[0].data == {"image/png": png}
    for other in ('"><script>x</script>', "PHNjcmlwdD4=", "", None, ["a"]):
        assert outputs_of(other) == []


def test_half_a_surrogate_pair_in_a_submission_is_no_obstacle(local):
    lecture = local.lecture("03")
    hand_in(lecture, "ada", FULL)
    record = judged(lecture, "ada")
    text = "x = '\ud800'"
    odd = replace(
        record, solutions=(SolutionRecord("mean", "mean", text, error=CellError(text, text, (text,))),)
    )
    file(local, odd)
    assert cell_of(graded(lecture, "ada"), "mean").source == "x = '?'"


def test_the_notebook_is_the_source_but_for_the_solutions_and_has_no_solution_of_ours(local):
    lecture = local.lecture("03")
    hand_in(lecture, "ada", {"double": "FULL"})
    path = lecture.course / "submitted/ada/03_toy/toy.ipynb"
    handed = read_notebook(path)
    cell_of(handed, "title").source = "# Other title"
    cell_of(handed, "double_visible").source = "pass"
    cell_of(handed, "double_visible").metadata.nbgrader.points = 100
    handed.cells = handed.cells[::-1]
    path.write_text(json.dumps(handed))
    file(local, judged(lecture, "ada"))
    notebook, source = graded(lecture, "ada"), read_notebook(lecture.source)
    assert [cell.id for cell in notebook.cells] == [cell.id for cell in source.cells]
    for mine, theirs in zip(notebook.cells, source.cells, strict=True):
        if not is_solution(mine):
            assert mine.source == theirs.source
    assert cell_of(notebook, "mean").source.endswith("raise NotImplementedError")
    assert "math.fsum" not in json.dumps(notebook)
    assert notebook.metadata.autograder.remarks


def test_what_was_added_below_a_task_is_there_to_be_read_and_only_that(local):
    lecture = local.lecture("03")
    notebook = manual_notebook()
    notebook.cells.append(new_markdown_cell("## The next part", id="next"))
    write_source(lecture, notebook)
    path = hand_in(lecture, "ada", FULL)
    answer = [new_code_cell("data = 1", outputs=[new_output("stream", text="claimed")])]
    answer += [new_markdown_cell("I measured it.", metadata={"tags": ["setup"]}), new_markdown_cell("  ")]
    with_task_answer(path, *answer)
    handed = nbformat.read(path, as_version=4)
    handed.cells += [
        new_code_cell("not an answer"),
        deepcopy(cell_of(handed, "task")),
        new_code_cell("nor this"),
    ]
    path.write_text(json.dumps(handed))
    file(local, judged(lecture, "ada"))
    cells = graded(lecture, "ada").cells
    assert [cell.id for cell in cells[-4:]] == ["task", "answer-1", "answer-2", "next"]
    assert [cell.source for cell in cells[-3:-1]] == ["data = 1", "I measured it."]
    assert [cell.metadata for cell in cells[-3:-1]] == [{}, {}]
    assert cells[-3].outputs == []
