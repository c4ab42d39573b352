"""Cells run in process as in a student's notebook: one namespace, no sandbox, and nothing left behind."""

import pytest
from toy_course import DOUBLE, SETUP

from autograder.bank.fork_executor import NotebookExecutor
from autograder.judge.executor import Cell, Limits
from autograder.submission.grading import grade

pytestmark = pytest.mark.notebook

SETUP_CELL = Cell("setup", f"{SETUP}\nimport uuid\ntoken = uuid.uuid4().hex", "setup")
LIMITS = Limits(cell_seconds=2.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A lecture's private folder."""
    path = tmp_path_factory.mktemp("private")
    (path / "hidden_checks.py").write_text(
        "from dgm_helpers import checks\n\ndef double(answer):\n    checks.equal('2x', answer(-3.0), -6.0)\n"
    )
    return path


@pytest.fixture(scope="module")
def notebook_executor(folder):
    """One executor for all tests, so that its set-up runs once."""
    with NotebookExecutor(folder) as executor:
        yield executor


def run(executor, *sources, seed=None, limits=LIMITS):
    cells = [Cell(f"cell {i}", source, "test", "double") for i, source in enumerate(sources)]
    return executor.run([SETUP_CELL, *cells], limits, seed)[1:]


def printed(result):
    return "".join(out.get("text", "") for out in result.outputs)


def names(results):
    return [result.error and result.error.name for result in results]


def test_cells_share_a_namespace_and_a_failing_cell_does_not_stop_the_next(notebook_executor):
    results = run(notebook_executor, "a = 1\nprint('one')", "a += 1\n1 / 0", "print(a, __name__)")
    assert names(results) == [None, "ZeroDivisionError", None]
    assert [printed(result) for result in results] == ["one\n", "", "2 __main__\n"]
    assert results[1].error.traceback[-1] == "ZeroDivisionError: division by zero"


def test_the_setup_runs_once_and_a_run_sees_nothing_of_another(notebook_executor):
    first = run(notebook_executor, "print(token)\nleft = math.left = 1")
    second = run(notebook_executor, "print(token)", "left", "math.left")
    assert printed(first[0]) == printed(second[0])
    assert names(second) == [None, "NameError", "AttributeError"]


def test_the_value_of_the_last_line_is_an_output(notebook_executor):
    results = run(notebook_executor, "0.5", "None", "x = 1")
    assert [result.outputs and result.outputs[-1]["data"]["text/plain"] for result in results] == [
        "0.5",
        [],
        [],
    ]


def test_a_failed_check_has_its_name_and_hint(notebook_executor):
    mistakes = "mistakes={'the square: double it': torch.tensor(9.0)}"
    (result,) = run(
        notebook_executor, f"import torch\nchecks.equal('2x', 9.0, torch.tensor(6.0), {mistakes})"
    )
    assert result.error.name == "CheckFailed"
    assert "the square: double it" in result.error.hint


def test_the_seed_decides_what_the_checks_draw(notebook_executor):
    source = "import torch\nprint(torch.rand(3, generator=checks.generator('03/double/visible')))"
    drawn = [printed(run(notebook_executor, source, seed=seed)[0]) for seed in (None, 1, 2, 1, None)]
    assert drawn[0] == drawn[4] and drawn[1] == drawn[3]
    assert len(set(drawn)) == 3


def test_a_cell_that_hangs_ends_and_the_next_one_runs(notebook_executor):
    results = run(notebook_executor, "while True:\n    pass", "print(1)", limits=Limits(cell_seconds=0.3))
    assert names(results) == ["CellTimeout", None]
    assert results[0].error.message == "the cell did not end within 0.3 s of processor time"


def test_a_cell_that_catches_the_alarm_costs_the_rest(notebook_executor):
    deaf = "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        continue"
    results = run(notebook_executor, "print(1)", deaf, "print(2)", limits=Limits(cell_seconds=0.3))
    assert names(results) == [None, "CellTimeout", "NotRun"]


def test_a_cell_that_ends_its_process_costs_the_rest(notebook_executor):
    results = run(notebook_executor, "print(1)", "import os\nos._exit(3)", "print(2)")
    assert names(results) == [None, "ProcessDied", "NotRun"]
    assert names(run(notebook_executor, "print(3)")) == [None]


def test_a_cell_that_exits_has_failed(notebook_executor):
    assert names(run(notebook_executor, "raise SystemExit(0)", "print(1)")) == ["SystemExit", None]


def test_memory_is_bounded(notebook_executor):
    limits = Limits(memory_bytes=256 << 20)
    results = run(notebook_executor, "x = bytearray(1 << 30)", "x = bytearray(1 << 20)", limits=limits)
    assert names(results) == ["MemoryError", None]


def test_output_is_cut_and_bytes_past_python_break_nothing(notebook_executor):
    source = "import os\nos.write(1, b'past Python')\nprint('a' * 1000)"
    (result,) = run(notebook_executor, source, limits=Limits(output_characters=10))
    assert result.error is None
    assert printed(result).startswith("a" * 10) and len(printed(result)) < 100


def test_a_hidden_cell_imports_from_the_private_folder(notebook_executor):
    results = run(notebook_executor, DOUBLE, "import hidden_checks\nhidden_checks.double(double)")
    assert names(results) == [None, None]
    assert printed(results[1]).startswith("✓ 2x")


def test_the_toy_is_graded_as_by_the_judge(notebook, executor, notebook_executor):
    for answers in ({}, {"double": "def double(x):\n    return 2 * abs(x)"}, {"mean": "def mean(values:"}):
        judged, ran = (grade(notebook, one, answers) for one in (executor, notebook_executor))
        assert {name: one.earned for name, one in ran.items()} == {
            name: one.earned for name, one in judged.items()
        }


def test_it_stops_at_a_failure_if_it_should():
    with NotebookExecutor(stop_at_failure=True) as executor:
        assert names(run(executor, "print(1)", "1 / 0", "print(2)")) == [None, "ZeroDivisionError", "NotRun"]


def test_a_setup_that_fails_costs_all_cells():
    with NotebookExecutor() as executor:
        setup = Cell("setup", "1 / 0", "setup")
        results = executor.run([setup, Cell("double", DOUBLE, "solution", "double")], LIMITS)
    assert names(results) == ["ZeroDivisionError", "NotRun"]
