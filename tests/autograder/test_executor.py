"""Cells that behave and cells that do not, through the fork executor."""

import os

import pytest

from autograder.executor import Cell, ExecutorError, Limits
from autograder.fork_executor import ForkExecutor

pytestmark = pytest.mark.notebook

SETUP = Cell("setup", "import os, sys, time", "setup")
QUICK = Limits(cell_seconds=2.0, notebook_seconds=30.0, output_characters=1000)


def exercise(name: str, solution: str, *tests: str) -> list[Cell]:
    """Return the cells of an exercise."""
    cells = [Cell(name, solution, "solution", name)]
    return cells + [Cell(f"{name}_{i}", test, "test", name) for i, test in enumerate(tests)]


GOOD = exercise("good", "def good():\n    return 1", "assert good() == 1")


def run_one(executor, source, limits=QUICK, seed=None):
    return executor.run([Cell("cell", source, "solution", "one")], limits, seed)[0]


def test_prints_values_and_displays_are_recorded_as_a_notebook_does(executor):
    result = run_one(executor, "from IPython.display import display\nprint('a')\ndisplay({'b': 1})\n1 + 1")
    kinds = [output["output_type"] for output in result.outputs]
    assert kinds == ["stream", "display_data", "execute_result"]
    assert result.outputs[0]["text"] == "a\n"
    assert result.outputs[2]["data"] == {"text/plain": "2"}
    assert result.error is None


@pytest.mark.parametrize("source", ["%time 1", "%matplotlib inline", "await __import__('asyncio').sleep(0)"])
def test_what_only_a_notebook_understands_runs(executor, source):
    assert run_one(executor, source).error is None


def test_an_exception_is_recorded_with_its_traceback(executor):
    error = run_one(executor, "def f():\n    raise ValueError('too small')\nf()").error
    assert (error.name, error.message) == ("ValueError", "too small")
    assert any("in f()" in line for line in error.traceback)


@pytest.mark.parametrize(
    ("solution", "name", "said"),
    [
        ("def bad():\n    os._exit(3)", "ProcessDied", "exit status 3"),
        ("def bad():\n    os.kill(os.getpid(), 11)", "ProcessDied", "SIGSEGV"),
        ("def bad():\n    time.sleep(60)", "CellTimeout", "within 2 s"),
        ("def bad():\n    while True:\n        print('x' * 1000)", "CellTimeout", "within 2 s"),
    ],
)
def test_a_cell_that_dies_or_hangs_costs_its_own_exercise_only(executor, solution, name, said):
    bad = exercise("bad", solution, "bad()", "bad()")
    before = exercise("before", "def before():\n    return 2", "assert before() == 2")
    after = exercise("after", "value = before()", "assert value == 2")
    results = executor.run([SETUP, *before, *bad, *after, *GOOD], QUICK)
    errors = {
        cell.id: r.error for cell, r in zip([SETUP, *before, *bad, *after, *GOOD], results, strict=True)
    }
    assert errors["bad_0"].name == name
    assert said in errors["bad_0"].message
    assert errors["bad_1"].name == "NotRun"
    assert [cell for cell, error in errors.items() if error is not None] == ["bad_0", "bad_1"]


def test_a_syntax_error_fails_the_tests_of_its_exercise_only(executor):
    cells = [SETUP, *exercise("bad", "def bad(:", "pass"), *GOOD]
    errors = [result.error for result in executor.run(cells, QUICK)]
    assert errors[1].name == "SyntaxError"
    assert errors[2].name == "NotRun"
    assert "SyntaxError" in errors[2].message
    assert errors[3:] == [None, None]


def test_a_set_up_cell_that_fails_fails_everything(executor):
    results = executor.run([Cell("setup", "import no_such_module", "setup"), *GOOD], QUICK)
    assert [result.error.name for result in results] == ["ModuleNotFoundError", "NotRun", "NotRun"]


def test_the_time_of_a_notebook_is_limited(executor):
    cells = [SETUP, *exercise("quick", "pass"), *exercise("slow", "time.sleep(60)"), *GOOD]
    results = executor.run(cells, Limits(cell_seconds=50.0, notebook_seconds=2.0))
    assert [r.error and r.error.name for r in results[1:]] == [None, "CellTimeout", *["NotebookTimeout"] * 2]


def test_output_is_cut_at_its_limit(executor):
    result = run_one(executor, "for _ in range(100):\n    print('x' * 100)\n'y' * 5000")
    assert len(str(result.outputs)) < 2 * QUICK.output_characters
    assert "cut" in result.outputs[0]["text"]


def test_an_answer_that_is_forged_on_the_socket_is_refused(executor):
    forged = "for fd in range(3, 64):\n    try:\n        os.write(fd, b'[]\\n')\n    except OSError:\n        continue"
    results = executor.run([SETUP, *exercise("bad", forged), *GOOD], QUICK)
    assert results[1].error.name == "ProcessDied"
    assert results[3].error is None


def test_an_exception_that_cannot_be_printed_is_still_an_error(executor):
    source = "class Odd(Exception):\n    def __str__(self):\n        raise RuntimeError\nraise Odd()"
    assert run_one(executor, source).error.name == "Odd"


def test_the_check_seed_is_that_of_the_run_and_no_other(executor, monkeypatch):
    monkeypatch.setenv("DGM_CHECK_SEED", "1")
    source = "import os\nos.environ.get('DGM_CHECK_SEED')"
    assert run_one(executor, source, seed=5).outputs[0]["data"]["text/plain"] == "'5'"
    assert run_one(executor, source).outputs == []


def test_notebooks_see_nothing_of_each_other(executor):
    run_one(executor, "import torch, pathlib\ntorch.left_behind = 1\npathlib.Path('file').write_text('x')")
    source = "assert not hasattr(torch, 'left_behind')\nassert not any(pathlib.Path().glob('f*'))"
    assert run_one(executor, f"import torch, pathlib\n{source}").error is None


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="processes are looked up in /proc")
def test_what_a_cell_started_ends_with_it(executor, tmp_path):
    source = f"import subprocess\nprint(subprocess.Popen(['sleep', '60'], cwd={str(tmp_path)!r}).pid)"
    pid = int(run_one(executor, source).outputs[0]["text"])
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().split()[2] != "Z"  # a zombie has ended; nobody has asked for its status yet
    except FileNotFoundError:
        return False


def test_a_system_without_fork_is_told_so(monkeypatch):
    monkeypatch.delattr(os, "fork")
    with pytest.raises(ExecutorError, match="fork processes"):
        ForkExecutor()


def test_a_server_that_cannot_start_says_why(monkeypatch, tmp_path):
    (tmp_path / "torch.py").write_text("raise ImportError('torch is broken here')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with ForkExecutor() as executor, pytest.raises(ExecutorError, match="torch is broken here"):
        executor.run([SETUP], QUICK)


@pytest.mark.slow  # it imports torch twice
def test_a_server_that_was_killed_is_started_again():
    with ForkExecutor() as executor:
        assert executor.run([SETUP], QUICK)[0].error is None
        executor._server.process.kill()
        executor._server.process.wait()
        assert executor.run([SETUP], QUICK)[0].error is None
