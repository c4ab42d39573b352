"""Student versions: what they hold, that they are the same each time, and that leaks are found."""

import nbformat
import pytest
from nbformat.v4 import new_output
from toy_course import cell_of, toy_notebook, write_source

from autograder.gradebook.release import leaks, release, stale, student_versions
from autograder.notebooks.course import CourseError, Lecture, read_notebook

pytestmark = pytest.mark.notebook


def test_a_student_version_has_stubs_and_no_hidden_tests(lecture):
    path = release([lecture])[0]
    released = read_notebook(path)
    assert path == lecture.student_version
    assert cell_of(released, "double").source.endswith('"""Return 2 x."""\n    raise NotImplementedError')
    assert cell_of(released, "double_hidden").source == "# The same on other inputs."
    assert cell_of(released, "double_visible").source == cell_of(toy_notebook(), "double_visible").source
    assert leaks(released, toy_notebook()) == []


def test_what_varies_from_machine_to_machine_is_left_out(lecture):
    before = student_versions([lecture])
    notebook = toy_notebook()
    notebook.metadata.language_info = {"name": "python", "version": "3.99"}
    notebook.metadata.widgets = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
    cell = cell_of(notebook, "double_visible")
    cell.outputs, cell.execution_count = [new_output("stream", text="✓")], 7
    cell.metadata.execution = {"iopub.execute_input": "2026-01-01"}
    write_source(lecture, notebook)
    assert student_versions([lecture]) == before


def test_a_changed_source_makes_the_student_version_stale(lecture):
    assert "has no student version" in stale(lecture)
    release([lecture])
    assert stale(lecture) is None
    notebook = toy_notebook()
    cell_of(notebook, "title").source += " and more"
    write_source(lecture, notebook)
    assert "does not match its source" in stale(lecture)


def test_nothing_is_written_unless_all_can_be_released(course, lecture):
    broken = Lecture(course.root, "04_broken")
    notebook = toy_notebook()
    cell_of(notebook, "mean").source = "def mean(values):\n    ### BEGIN SOLUTION\n    return 0"
    write_source(broken, notebook)
    with pytest.raises(CourseError, match="cannot convert 04_broken: RuntimeError: no end solution"):
        release([lecture, broken])
    assert not lecture.student_version.exists()


def test_another_destination_can_be_named(lecture, tmp_path):
    assert release([lecture], tmp_path / "out") == [tmp_path / "out" / "03_toy" / "toy.ipynb"]
    assert not lecture.student_version.exists()


def plant_marker(notebook):
    cell_of(notebook, "demo").source = "### BEGIN SOLUTION"


def plant_output(notebook):
    cell_of(notebook, "double_visible").outputs = [new_output("stream", text="✓")]


def plant_solution_without_markers(notebook):
    cell_of(notebook, "mean").source = "def mean(values):\n    return math.fsum(values) / len(values)"


def plant_solution_in_a_demonstration(notebook):
    lines = ["twice_the_value = 2 * x  # long enough to be recognized elsewhere", "return twice_the_value"]
    cell_of(notebook, "demo").source = "\n".join(lines)


def plant_hidden_test(notebook):
    cell_of(notebook, "mean_hidden").source = 'checks.equal("mean", mean([4.0, 1.0, 2.0, 9.0]), 4.0)'


def plant_widget_state(notebook):
    notebook.metadata.widgets = {"state": {"1": {}}}


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        (plant_marker, "contains BEGIN SOLUTION"),
        (plant_output, "cell double_visible has an output"),
        (plant_solution_without_markers, "cell mean contains the solution of mean"),
        (plant_solution_in_a_demonstration, "contains the solution of double"),
        (plant_hidden_test, "cell mean_hidden contains the hidden test of mean_hidden"),
        (plant_widget_state, "state of widgets"),
    ],
)
def test_a_planted_leak_is_found(lecture, plant, said):
    released = nbformat.reads(student_versions([lecture])["03_toy"], as_version=4)
    plant(released)
    assert any(said in leak for leak in leaks(released, toy_notebook()))


def test_a_solution_that_also_stands_in_a_demonstration_is_not_released(lecture):
    notebook = toy_notebook()
    plant_solution_in_a_demonstration(notebook)
    write_source(lecture, notebook)
    with pytest.raises(CourseError, match="would leak: cell number 7 contains the solution of double"):
        release([lecture])
