"""What a student is told before handing in."""

import argparse
import json
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell
from nbgrader.utils import compute_checksum
from toy_course import REPOSITORY, cell_of, toy_notebook
from waiting import ran_out_of_time, with_enough_time

from autograder.commands import check as command
from autograder.judge.executor import Cell, CellError, CellResult, ExecutorError, Limits
from autograder.judge.kernel import KernelExecutor
from autograder.notebooks.course import Course, CourseError
from autograder.notebooks.exercises import is_hidden, is_test, without_hidden_tests
from autograder.submission.check import check

DOUBLE = "def double(x):\n    return 2 * x"
MEAN = "def mean(values):\n    return math.fsum(values) / len(values)"
STUB = "def mean(values):\n    raise NotImplementedError"


class HereExecutor:
    """Runs cells in this process: enough to see what is run, and what is said of it."""

    def __init__(self):
        self.ran = []

    def run(self, cells, limits, seed=None):
        namespace = {}
        return [self._run(cell, namespace) for cell in cells]

    def _run(self, cell, namespace):
        self.ran.append(cell.id)
        try:
            exec(cell.source, namespace)
        except Exception as error:
            return CellResult(error=CellError(type(error).__name__, str(error)))
        return CellResult()


def students_notebook(double=DOUBLE, mean=MEAN):
    notebook = toy_notebook()
    for cell in notebook.cells:
        if is_test(cell):
            cell.source = without_hidden_tests(cell.source)
            cell.metadata.nbgrader.checksum = compute_checksum(cell)
    cell_of(notebook, "double").source = double
    cell_of(notebook, "mean").source = mean
    return notebook


@pytest.fixture
def write(tmp_path):
    def write(notebook):
        path = tmp_path / "toy.ipynb"
        nbformat.write(notebook, path)
        return path

    return write


@pytest.fixture
def checked(write):
    """The report on a notebook, with the cells run in this process."""
    return lambda notebook: check(write(notebook), HereExecutor())


def results(report):
    return {one.name: (one.passes, one.message) for one in report.visible}


def test_visible_checks_are_run_and_hidden_ones_are_said_to_come_later(write):
    executor = HereExecutor()
    report = check(write(students_notebook(mean=STUB)), executor)
    assert results(report) == {"double_visible": (True, ""), "mean_visible": (False, "not written yet")}
    hidden = [one for one in report.checks if one.hidden]
    assert [one.name for one in hidden] == ["double_hidden", "mean_hidden"]
    assert all(one.message == "The same on other inputs." and not one.earned for one in hidden)
    assert executor.ran == ["number 2", "double", "double_visible", "mean", "mean_visible"]


def test_the_table_has_a_line_for_each_check_and_the_sum(checked):
    lines = checked(students_notebook(mean=STUB)).text().splitlines()
    assert lines[2].split() == ["double", "visible", "1", "passes"]
    assert (
        lines[3].split()[:3] == ["double", "hidden", "2"] and "later: The same on other inputs." in lines[3]
    )
    assert lines[4].split() == ["mean", "visible", "2", "FAILS:", "not", "written", "yet"]
    assert lines[-1] == "1 of 2 checks pass: 1 of 3 points; 4 more points are checked after you hand in."


def test_only_the_first_line_of_a_message_is_in_the_table_and_nothing_unprintable(checked):
    answer = "def mean(values):\n    raise ValueError('\\x1b[31m' + 'long ' * 100 + '\\nsecond')"
    line = next(
        line for line in checked(students_notebook(mean=answer)).text().splitlines() if "FAILS" in line
    )
    assert "ValueError: " in line and "second" not in line and line.isprintable() and len(line) < 200


def test_a_solution_that_fails_is_the_reason_that_is_given(checked):
    def run_nothing(cells, limits, seed=None):
        reason = "this cell was not run, because the solution cell mean failed with SyntaxError: (line 1)"
        return [CellResult(error=CellError("NotRun", reason))] * len(cells)

    executor = HereExecutor()
    executor.run = run_nothing
    report = check(Path(REPOSITORY, "lectures/00_welcome/welcome.ipynb"), executor)
    (one,) = report.visible
    assert one.message == "the solution cell mean failed with SyntaxError: (line 1)"


def test_what_is_defined_outside_of_the_solution_cells_is_told(checked):
    notebook = students_notebook(double="def double(x):\n    return helper(x)")
    notebook.cells.insert(2, new_code_cell("def helper(x):\n    return 2 * x"))
    report = checked(notebook)
    assert report.remarks == (
        "helper is defined in a cell that is not graded (cell 3); define it inside the solution cell double.",
    )
    assert report.remarks[0] in report.text()
    assert results(report)["double_visible"] == (False, "NameError: name 'helper' is not defined")


def test_a_cell_that_is_there_twice_counts_once_and_is_told(checked):
    notebook = students_notebook()
    again = cell_of(students_notebook(double="def double(x):\n    return 0"), "double")
    again.id = "again"
    notebook.cells.insert(4, again)
    report = checked(notebook)
    assert results(report)["double_visible"] == (True, "")
    assert "only the first one counts" in report.remarks[0]


def test_an_edited_check_and_a_retyped_solution_are_told(checked):
    notebook = students_notebook()
    cell_of(notebook, "double_visible").source = "pass"
    cell = cell_of(notebook, "mean")
    cell.cell_type = "raw"
    del cell["outputs"], cell["execution_count"]
    report = checked(notebook)
    assert results(report)["mean_visible"] == (True, "")
    assert "double_visible differ from the released cells" in report.remarks[0]
    assert "changed the type of mean" in report.remarks[1]


@pytest.mark.parametrize("points", ["3", None, -1, float("nan"), float("inf"), [], True])
def test_points_that_are_none_do_not_stop_the_check(checked, points):
    notebook = students_notebook()
    cell_of(notebook, "double_visible").metadata.nbgrader.points = points
    report = checked(notebook)
    assert results(report)["mean_visible"] == (True, "")
    assert "2 of 2 points" in report.text().splitlines()[-1]


@pytest.mark.parametrize("lecture", Course.find().lectures(), ids=lambda lecture: lecture.folder)
def test_of_each_released_notebook_every_test_cell_is_in_the_table(lecture):
    class Nothing(HereExecutor):
        def _run(self, cell, namespace):
            return CellResult()

    report = check(lecture.student_version, Nothing())
    notebook = nbformat.read(lecture.student_version, as_version=4)
    tests = [cell for cell in notebook.cells if is_test(cell)]
    assert [one.name for one in report.checks] == [cell.metadata.nbgrader.grade_id for cell in tests]
    assert [one.hidden for one in report.checks] == [is_hidden(cell) for cell in tests]
    assert not report.remarks


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "does not exist"),
        (b"{", "Your file 'toy.ipynb' cannot be read as a notebook: it ends too early"),
        (b'{"nbformat": 4, "cells": []}', "toy.ipynb has no checks: is it the notebook of a lecture?"),
    ],
)
def test_a_file_that_cannot_be_checked_is_one_sentence(tmp_path, content, said):
    path = tmp_path / "toy.ipynb"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CourseError, match=said):
        check(path, HereExecutor())


# In a kernel.


@pytest.fixture
def scripted(monkeypatch):
    """Kernels that run nothing: a cell's text is its seconds, and the name of its error; "again": not the first time.

    The value is the list of what was run, in which ``None`` is the start of a kernel, and each cell comes with the
    seconds that it was allowed.
    """
    ran = []

    class Session:
        def __init__(self, limits, seed):
            ran.append(None)

        def run(self, source, seconds):
            is_first = not any(entry and entry[0] == source for entry in ran)
            ran.append((source, seconds))
            taken, _, name = source.partition(" ")
            if name.startswith("again "):
                name = "" if is_first else name.removeprefix("again ")
            return CellResult(error=CellError(name, "scripted") if name else None, seconds=float(taken))

        def close(self):
            pass

    monkeypatch.setattr("autograder.judge.kernel._KernelSession", Session)
    return ran


def run_scripted(setup, *exercises):
    """Return the names of the errors of a setup cell and of exercises' cells, the first of each the solution."""
    cells = [Cell("setup", setup, "setup")]
    for name, (solution, *tests) in zip("abc", exercises, strict=False):
        cells += [Cell(name, solution, "solution", name)]
        cells += [Cell(f"{name}_{i}", test, "test", name) for i, test in enumerate(tests)]
    limits = Limits(cell_seconds=10.0, exercise_seconds=25.0, notebook_seconds=60.0)
    return [result.error and result.error.name for result in KernelExecutor().run(cells, limits)]


def test_the_time_of_an_exercise_is_limited_in_a_kernel_too(scripted):
    names = run_scripted("0", ["9", "8", "8", "1"], ["9", "9"])
    assert names == [None, None, None, None, "ExerciseTimeout", None, None]
    assert scripted == [None, ("0", 10.0), ("9", 10.0), ("8", 10.0), ("8", 8.0), ("9", 10.0), ("9", 10.0)]


def test_the_time_of_the_notebook_is_limited_and_the_setup_is_not_counted(scripted):
    names = run_scripted("100", ["9", "9", "7"], ["9", "9", "7"], ["9", "1", "1"])
    assert names == [*[None] * 9, "NotebookTimeout"]
    assert scripted[-1] == ("1", 1.0)


def test_a_new_kernel_repeats_the_setup_and_the_solutions_and_counts_only_these(scripted):
    names = run_scripted("100", ["9", "9 ProcessDied", "1"], ["9", "7", "7"])
    assert names == [None, None, "ProcessDied", "NotRun", None, None, "ExerciseTimeout"]
    assert scripted == [
        *(None, ("100", 10.0), ("9", 10.0), ("9 ProcessDied", 10.0)),
        *(None, ("100", 10.0), ("9", 10.0), ("9", 10.0), ("7", 7.0)),
    ]


def test_a_kernel_that_dies_while_it_repeats_costs_the_exercise_that_needs_it(scripted):
    names = run_scripted("0", ["1 again ProcessDied", "1 ProcessDied"], ["1", "1"])
    assert names == [None, None, "ProcessDied", "ProcessDied", "NotRun"]
    assert scripted[-1] == ("1 again ProcessDied", 10.0)


# In a real kernel.


def cells_to_run(*solutions):
    """A set-up cell, and for each text a solution cell of an exercise of its own."""
    cells = [Cell("setup", "import os, math", "setup")]
    return cells + [Cell(f"s{i}", text, "solution", f"e{i}") for i, text in enumerate(solutions)]


def run_in_kernel(*solutions, **limits):
    return KernelExecutor().run(cells_to_run(*solutions), Limits(**limits))[1:]


@pytest.mark.notebook
def test_cells_share_a_kernel_in_an_empty_folder_without_a_seed(monkeypatch):
    monkeypatch.setenv("DGM_CHECK_SEED", "7")
    monkeypatch.setenv("FROM_OUTSIDE", "yes")
    first, second, third = run_in_kernel(
        "x = math.pi\nprint(os.listdir('.'), os.environ.get('DGM_CHECK_SEED'))",
        "round(x, 2)",
        "import sys, IPython\nassert IPython.get_ipython()\nprint(sys.executable, os.environ['FROM_OUTSIDE'])",
    )
    assert first.outputs[0].text == "[] None\n"
    assert second.outputs[0].data["text/plain"] == "3.14"
    assert third.outputs[0].text == f"{sys.executable} yes\n"


@pytest.mark.notebook
def test_an_error_keeps_its_name_and_message_and_what_hangs_or_dies_costs_its_own_exercise():
    cells = [
        "kept = 1",
        "raise ValueError('wrong')",
        "try:\n    while True: pass\nexcept BaseException:\n    while True: pass",
        "os._exit(3)",
        "kept + 1",
    ]

    def run_in(seconds):
        return dict(enumerate(run_in_kernel(*cells, cell_seconds=seconds)))

    results = with_enough_time(run_in, lambda results: ran_out_of_time(results, [0, 1, 3, 4]), seconds=2)
    assert [result.error and result.error.name for result in results.values()] == [
        None,
        "ValueError",
        "CellTimeout",
        "ProcessDied",
        None,
    ]
    assert results[1].error.message == "wrong"
    assert results[2].error.message.startswith("the cell did not end within ")
    assert results[4].outputs[0].data["text/plain"] == "2"


@pytest.mark.notebook
def test_a_flood_of_output_is_cut():
    (result,) = run_in_kernel(
        "for _ in range(200):\n    print('x' * 5000, flush=True)", output_characters=20_000
    )
    assert result.error is None and 0 < sum(len(output.text) for output in result.outputs) <= 20_000


@pytest.mark.notebook
def test_no_kernel_is_left_behind(write):
    import psutil

    before = {process.pid for process in psutil.Process().children(recursive=True)}
    check(write(students_notebook()), KernelExecutor())
    assert {process.pid for process in psutil.Process().children(recursive=True)} <= before


@pytest.mark.notebook
def test_a_kernel_that_does_not_start_is_one_sentence(monkeypatch):
    dies = {"argv": [sys.executable, "-c", "import no_such_module"], "display_name": "", "language": "python"}
    monkeypatch.setattr("autograder.judge.kernel.get_kernel_dict", lambda: dies)
    with pytest.raises(ExecutorError, match="does not start: ModuleNotFoundError: No module named 'no_such"):
        run_in_kernel("1")


def run(*arguments):
    parser = argparse.ArgumentParser()
    command.configure(parser)
    return command.run(parser.parse_args([str(argument) for argument in arguments]))


@pytest.mark.notebook
def test_the_command_says_what_passes_leaves_the_file_alone_and_its_status_tells_scripts(
    write, capsys, monkeypatch, tmp_path
):
    path = write(students_notebook())
    before = path.read_bytes()
    monkeypatch.chdir(tmp_path)
    assert run("toy.ipynb") == 0
    assert "2 of 2 checks pass: 3 of 3 points" in capsys.readouterr().out
    assert path.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["toy.ipynb"]
    write(students_notebook(mean="def mean(values):\n    return 0.0"))
    assert run("toy.ipynb", "--json", "--timeout", "300") == 1
    report = json.loads(capsys.readouterr().out)
    wrong = next(one for one in report["checks"] if one["name"] == "mean_visible")
    assert not wrong["passes"] and wrong["message"].startswith("mean: ")
