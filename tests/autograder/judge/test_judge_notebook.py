"""A submission's cells through the judge: those that behave, those that do not, and what each of these costs."""

from dataclasses import replace

import pytest
from judging import GOOD, QUICK, exercise, judged, pool, warm_parent
from waiting import ran_out_of_time, with_enough_time

from autograder.judge.executor import Cell, Limits
from autograder.judge.notebook import NotebookRun
from autograder.judge.student_process import Student
from autograder.wire.text_limits import (
    CUT,
    MESSAGE_CHARACTERS,
    NAME_CHARACTERS,
    OUTPUT_COST,
    TRACEBACK_CHARACTERS,
)

pytestmark = pytest.mark.notebook
GOOD_ONES = [cell.id for cell in GOOD]
WRITES_EVERYWHERE = """
for descriptor in range(3, 64):
    try:
        os.write(descriptor, b"[]" * 10)
    except OSError:
        continue
"""
FORGED = """
from autograder.student import worker
from autograder.student.cell_runner import Recorder
"""


def run_one(source: str, limits: Limits = QUICK):
    """Return what came of a solution cell."""
    return judged(exercise("one", source), limits)["one"]


def failed(results: dict) -> dict[str, str]:
    """Return the names of the errors of the cells that failed."""
    return {name: result.error.name for name, result in results.items() if result.error is not None}


def forged_outputs(outputs: str) -> str:
    """Return a cell whose process answers with these outputs."""
    return (
        f"{FORGED}\nRecorder.finished = lambda self: {{'outputs': {outputs}, 'error': None, 'usable': True}}"
    )


def judged_in_time(cells, innocent, **limits):
    """Judge cells under time limits, and under longer ones where innocent cells run out of time.

    Args:
        cells: the cells.
        innocent: ids of those that must keep to the limits.
        limits: in seconds, for the first attempt.

    Returns:
        The results, and how many times as long as at first the limits were.
    """

    def run(factor):
        longer = {name: factor * seconds for name, seconds in limits.items()}
        return judged(cells(factor) if callable(cells) else cells, replace(QUICK, **longer)), factor

    return with_enough_time(run, lambda outcome: ran_out_of_time(outcome[0], innocent))


def printed(result) -> str:
    """Return what a cell printed."""
    return "".join(output["text"] for output in result.outputs if output["output_type"] == "stream")


# What a cell may do


def test_half_precision_computes_in_the_sandbox():
    result = run_one("import torch\nh = torch.ones(8, 8).half()\nprint((h @ h).sum().item())")
    assert (result.error, printed(result)) == (None, "512.0\n")


def test_prints_values_and_displays_are_recorded_as_a_notebook_does():
    result = run_one("from IPython.display import display\nprint('a')\ndisplay({'b': 1})\n1 + 1")
    assert result.outputs == [
        {"output_type": "stream", "name": "stdout", "text": "a\n"},
        {"output_type": "display_data", "data": {"text/plain": "{'b': 1}"}, "metadata": {}},
        {
            "output_type": "execute_result",
            "data": {"text/plain": "2"},
            "metadata": {},
            "execution_count": None,
        },
    ]
    assert result.error is None


@pytest.mark.parametrize("source", ["%time 1", "%matplotlib inline", "await __import__('asyncio').sleep(0)"])
def test_what_only_a_notebook_understands_runs(source):
    assert run_one(source).error is None


def test_a_figure_is_recorded_as_an_image():
    source = "%matplotlib inline\nfrom matplotlib import pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    result = run_one(source, replace(QUICK, output_characters=100_000))
    assert [o["data"]["image/png"][:4] for o in result.outputs if "image/png" in o.get("data", {})] == [
        "iVBO"
    ]


def test_a_test_cell_has_outputs_and_a_value_which_is_partial_credit():
    cells = exercise("f", "def f():\n    return 2", "print('half right')\nf() / 4", "f()\npass")
    results = judged(cells)
    assert results["f_0"].outputs == [
        {"output_type": "stream", "name": "stdout", "text": "half right\n"},
        {
            "output_type": "execute_result",
            "data": {"text/plain": "0.5"},
            "metadata": {},
            "execution_count": None,
        },
    ]
    assert results["f_1"].outputs == []


def test_each_test_has_the_names_and_the_random_numbers_that_the_set_up_leaves():
    draw = "import random\ndrawn = float(torch.rand(())), random.random()\nprint(drawn)"
    test = f"assert 'drawn' not in dir()\n{draw}\ngood()"
    results = judged(exercise("good", "def good():\n    return 1", test, f"{test}\nassert False", test))
    assert failed(results) == {"good_1": "AssertionError"}
    printed = {results[name].outputs[0]["text"] for name in ("good_0", "good_1", "good_2")}
    assert len(printed) == 1 and printed != {""}


def test_a_hidden_test_knows_nothing_of_the_visible_ones():
    visible, hidden = "good()\nmath.left = 1", "assert not hasattr(math, 'left')\ngood()"
    results = judged(exercise("good", "def good():\n    return 1", visible, hidden=[hidden]))
    assert failed(results) == {}


def test_a_shell_command_is_not_run_and_costs_nothing():
    result = run_one("!touch here\nlisted = !ls\nimport os\nprint(listed, os.path.exists('here'))")
    assert result.error is None
    assert "".join(output["text"] for output in result.outputs).split("\n") == [
        "!touch here: not run, because grading does not start other programs",
        "!ls: not run, because grading does not start other programs",
        "[] False",
        "",
    ]


def test_what_a_solution_leaves_behind_is_there_for_the_next_one():
    cells = [
        *exercise("before", "def before():\n    return 2", "assert before() == 2"),
        *exercise("after", "after = before()", "assert after == 2"),
    ]
    assert failed(judged(cells)) == {}


# What it costs if it does not


def test_an_exception_is_recorded_with_its_traceback():
    error = run_one("def f():\n    raise ValueError('too small')\nf()").error
    assert (error.name, error.message) == ("ValueError", "too small")
    assert any("in f()" in line for line in error.traceback)


def test_an_exception_in_a_call_has_the_students_traceback_and_no_line_of_the_test():
    solution = "def f(x):\n    return g(x)\ndef g(x):\n    raise ValueError('too small')"
    error = judged(exercise("f", solution, "secret = 5\nf(secret)"))["f_0"].error
    assert (error.name, error.message) == ("ValueError", "too small")
    assert any("in g" in line for line in error.traceback)
    assert not any("secret" in line for line in error.traceback)


def test_a_failed_check_says_what_is_wrong_and_its_hint():
    cells = exercise(
        "f", "def f(x):\n    return x", "checks.equal('f', f(1.0), 2.0, mistakes={'doubled?': 1.0})"
    )
    error = judged(cells)["f_0"].error
    assert (error.name, error.hint) == ("CheckFailed", "looks like doubled?")
    assert error.traceback == (f"✗ {error.message}",)


@pytest.mark.parametrize(
    ("solution", "name", "said"),
    [
        ("def bad():\n    os._exit(3)", "ProcessDied", "exit status 3"),
        ("import ctypes\ndef bad():\n    ctypes.string_at(0)", "ProcessDied", "SIGSEGV"),
        ("def bad():\n    time.sleep(1200)", "CellTimeout", "the cell did not end within"),
        (
            "def bad():\n    while True:\n        print('x' * 1000)",
            "CellTimeout",
            "the cell did not end within",
        ),
        ("def bad():\n    os.closerange(0, 100)", "ProcessDied", "the process that ran the cell ended"),
        (
            f"{FORGED}\ndef bad():\n    worker.Worker._answer = lambda *_: ({{'value': ['q']}}, [])",
            "ProtocolError",
            "the tag 'q' is unknown",
        ),
    ],
)
def test_a_test_whose_process_dies_or_hangs_costs_its_own_exercise_only(solution, name, said):
    bad = exercise("bad", solution, "bad()", "bad()", hidden=["bad()"])
    before = exercise("before", "def before():\n    return 2", "assert before() == 2")
    after = exercise("after", "after = before()", "assert after == 2")
    innocent = [cell.id for cell in (*before, bad[0], *after, *GOOD)]
    results, _ = judged_in_time([*before, *bad, *after, *GOOD], innocent, cell_seconds=1.0)
    assert failed(results) == {"bad_0": name, "bad_1": "NotRun", "bad_hidden_0": "NotRun"}
    assert said in results["bad_0"].error.message


@pytest.mark.parametrize(
    ("solution", "name"),
    [
        ("def bad(:", "SyntaxError"),
        ("raise ValueError('bad')", "ValueError"),
        ("os._exit(0)", "ProcessDied"),
        ("time.sleep(1200)", "CellTimeout"),
        ("class Odd(Exception):\n    def __str__(self):\n        raise RuntimeError\nraise Odd()", "Odd"),
        ("raise SystemExit(0)", "SystemExit"),
        (WRITES_EVERYWHERE, "ProtocolError"),
    ],
)
def test_a_solution_that_fails_fails_the_tests_of_its_exercise_only(solution, name):
    cells = [*exercise("bad", solution, "pass", hidden=["pass"]), *GOOD]
    results, _ = judged_in_time(cells, GOOD_ONES, cell_seconds=1.0)
    assert failed(results) == {"bad": name, "bad_0": "NotRun", "bad_hidden_0": "NotRun"}
    assert f"the solution cell bad failed with {name}" in results["bad_0"].error.message


def test_a_name_that_is_not_defined_fails_the_test_and_no_other():
    results = judged([*exercise("missing", "pass", "missing()"), *GOOD])
    assert failed(results) == {"missing_0": "NameError"}


def test_a_set_up_cell_that_fails_over_there_fails_everything():
    setup = Cell(
        "set-up", "import os\nif 'judge_process' not in os.sys.argv[0]:\n    raise ImportError('no')", "setup"
    )
    results = pool().run([setup, *GOOD], QUICK)
    assert [result.error.name for result in results] == ["ImportError", *["NotRun"] * 3]
    assert "because the setup cell set-up failed with ImportError: no" in results[1].error.message


def test_the_time_of_a_notebook_is_limited():
    cells = [*exercise("quick", "pass"), *exercise("slow", "time.sleep(1200)", "pass"), *GOOD]
    results, factor = judged_in_time(cells, ["quick"], notebook_seconds=1.5)
    assert failed(results) == {
        "slow": "CellTimeout",
        "slow_0": "NotRun",
        **dict.fromkeys(GOOD_ONES, "NotebookTimeout"),
    }
    assert f"notebook's limit of {1.5 * factor:g} s" in results["good"].error.message


def test_the_time_of_an_exercise_is_limited_and_the_others_keep_theirs():
    def cells(factor):
        source = f"def slow():\n    time.sleep({0.4 * factor})"
        return [*exercise("slow", source, *["slow()"] * 3, hidden=["slow()"]), *GOOD]

    results, _ = judged_in_time(cells, ["slow", "slow_0", *GOOD_ONES], exercise_seconds=1.1)
    late = failed(results)
    assert late.pop("slow_1") in (
        "CellTimeout",
        "ExerciseTimeout",
    )  # where there was little time left, or none
    assert late in ({"slow_2": name, "slow_hidden_0": name} for name in ("NotRun", "ExerciseTimeout"))


def test_starting_and_the_set_up_are_of_no_exercise(monkeypatch):
    """Where starting a process and its set-up take longer than an exercise may, no exercise pays for them."""
    passed = []  # seconds, by a clock that stops while exercises run
    limits = replace(QUICK, notebook_seconds=1e6)

    class SlowStudent(Student):
        def __init__(self):
            passed.append(2 * limits.exercise_seconds)
            super().__init__(warm_parent(), limits)

        def ask(self, request, *arguments):
            if request.get("source") == "import math":
                passed.append(2 * limits.exercise_seconds)
            return super().ask(request, *arguments)

    monkeypatch.setattr("autograder.judge.notebook.monotonic", lambda: sum(passed))
    setup = Cell("set-up", "import math", "setup")
    results = NotebookRun(SlowStudent, {}, limits, None).run([setup, *GOOD])
    assert [result.error for result in results] == [None] * 4
    assert len(passed) == 4  # in each of two passes a start and a set-up


def test_a_fork_that_crashes_or_loops_is_the_end_of_its_test_and_not_of_the_judge():
    tests = ["f()\nos.kill(os.getpid(), 11)", "f()"]
    results = judged([*exercise("f", "def f():\n    return 1", *tests), *GOOD])
    assert failed(results) == {"f_0": "TestDied", "f_1": "NotRun"}
    looping = exercise("f", "def f():\n    return 1", "f()\nwhile True:\n    pass")
    results, _ = judged_in_time([*looping, *GOOD], ["f", *GOOD_ONES], cell_seconds=1.0)
    assert failed(results) == {"f_0": "CellTimeout"}


# What it may print and say


def test_output_is_cut_at_its_limit():
    source = "for _ in range(100):\n    print('x' * 100)\n'y' * 5000"
    for result in (run_one(source), judged(exercise("f", "def f():\n    pass", f"f()\n{source}"))["f_0"]):
        assert 0 <= QUICK.output_characters + len(CUT) - len(printed(result)) <= OUTPUT_COST
        assert printed(result).endswith(CUT)


@pytest.mark.parametrize(
    "small",
    [
        "display(i)",
        "display({}, raw=True)",
        "print(end='.')\n    print(end='.', file=sys.stderr)",
        "clear_output() if i % 100 else display(i)",
    ],
)
def test_many_small_outputs_are_cut_too(small):
    source = f"from IPython.display import clear_output, display\nfor i in range(5000):\n    {small}"
    result = run_one(source)
    assert result.error is None
    assert len(result.outputs) <= QUICK.output_characters / OUTPUT_COST


def test_what_calls_print_is_cut_in_each_and_in_all():
    solution = "def f():\n    print('x' * 5000)"
    result = judged(exercise("f", solution, "for _ in range(10):\n    f()\nprint('the end')"))["f_0"]
    assert len(printed(result)) <= QUICK.output_characters + len(CUT)


def test_half_a_character_reaches_nobody():
    solution = "print('\\ud800')\ndef f():\n    print('\\udfff')\n    raise ValueError('\\ud800')"
    results = judged(exercise("f", solution, "f()"))
    assert printed(results["f"]) == "?\n"
    assert results["f_0"].error.message == "?"
    str(results).encode()


def test_texts_are_cut_by_one_who_trusts_nobody():
    forged = FORGED + "text = 'x' * 1_000_000\n"
    cells = exercise(
        "f",
        forged + "worker.describe = lambda error: [text, text, [text, 'y']]\ndef f():\n    raise ValueError",
        "f()",
    )
    error = judged(cells)["f_0"].error
    assert len(error.name) == NAME_CHARACTERS
    assert len(error.message) == MESSAGE_CHARACTERS
    assert sum(map(len, error.traceback)) <= TRACEBACK_CHARACTERS
    assert error.traceback[-1] == "y"


@pytest.mark.parametrize(
    "outputs",
    [
        "[{'output_type': 'stream', 'name': 'stdout', 'text': 'x' * 3000}]",
        "[{'output_type': 'stream', 'name': 'stdout', 'text': ''}] * 100",
        "[{'output_type': 'display_data', 'data': {}}] * 100",
        "[{'output_type': 'stream', 'name': 'other', 'text': ''}]",
        "[{'output_type': 'stream', 'name': 'stdout', 'text': ['x']}]",
        "[{'output_type': 'error', 'ename': 'x'}]",
        "[{'output_type': 'display_data', 'data': {'application/json': {'a': 1}}, 'metadata': {}}]",
        "[{'output_type': 'display_data', 'data': {'x' * 3000: ''}, 'metadata': {}}]",
        "[{'output_type': 'display_data', 'data': 'x', 'metadata': {}}]",
        "[None]",
        "'x'",
        "None",
    ],
)
def test_outputs_that_are_none_or_too_many_are_refused(outputs):
    forged = (
        f"{FORGED}\nforged = {outputs}\nRecorder.finished = lambda self: {{'outputs': forged, 'error': None}}"
    )
    assert failed(judged([*exercise("bad", forged), *GOOD])) == {"bad": "ProtocolError"}


def test_of_an_output_only_what_is_known_is_kept():
    output = "{'output_type': 'display_data', 'data': {}, 'metadata': {'a': [1]}, 'points': 9}"
    assert run_one(forged_outputs(f"[{output}]")).outputs == [
        {"output_type": "display_data", "data": {}, "metadata": {}}
    ]


# What it may know


def test_the_seed_of_the_inputs_is_the_judges_and_nothing_that_the_student_sees(monkeypatch):
    monkeypatch.setenv("DGM_CHECK_SEED", "1")
    cells = exercise(
        "seen",
        "def seen():\n    return os.environ.get('DGM_CHECK_SEED')",
        "print(seen(), os.environ.get('DGM_CHECK_SEED'))",
    )
    assert printed(judged(cells, seed=5)["seen_0"]) == "None 5\n"
    assert printed(judged(cells)["seen_0"]) == "None None\n"


def test_inputs_are_drawn_anew_for_each_seed_and_the_same_for_the_same():
    cells = exercise(
        "f", "def f(x):\n    return x", "print(f(torch.randn(1, generator=checks.generator('x'))))"
    )
    drawn = [printed(judged(cells, seed=seed)["f_0"]) for seed in (None, 1, 2, 1)]
    assert len(set(drawn)) == 3
    assert drawn[1] == drawn[3]


REMEMBERS = """
kept = []
def remembers(x):
    kept.append(x)
    return x
"""


def test_what_a_hidden_test_hands_over_is_told_by_no_later_solution_and_no_visible_call():
    cells = [
        *exercise("remembers", REMEMBERS, "remembers(1)", hidden=["assert remembers(271828)"]),
        *exercise(
            "tells", "print(kept)\ndef tells():\n    print(kept)\n    return str(kept)", "print(tells())"
        ),
        Cell("later", "print(tells())", "test", "tells"),
    ]
    results = judged(cells)
    assert failed(results) == {}
    assert "[1" in printed(results["later"])
    assert "271828" not in str(results)


def test_a_process_that_dies_in_a_hidden_test_costs_that_one_only():
    cells = [
        *exercise("dies", "def dies(x):\n    if x == 2:\n        os._exit(1)", "dies(1)", hidden=["dies(2)"]),
        *exercise(
            "good",
            "print('ran')\ndef good():\n    return 1",
            "assert good() == 1",
            hidden=["assert good() == 1"],
        ),
    ]
    results = judged(cells)
    assert failed(results) == {"dies_hidden_0": "ProcessDied"}
    assert printed(results["good"]) == "ran\n"  # twice, but what is shown is of the first time


def test_hidden_tests_ask_a_process_that_has_run_nothing_before():
    solution = """
    fresh = not hasattr(sys, "run_before")
    sys.run_before = True
    def first():
        return fresh
    """
    assert failed(judged(exercise("first", solution, "assert first()", hidden=["assert first()"]))) == {}


def test_notebooks_see_nothing_of_each_other():
    run_one("import pathlib\ntorch.left_behind = 1\npathlib.Path('left_behind').write_text('x')")
    looks = "import pathlib\nassert not hasattr(torch, 'left_behind')"
    source = f"{looks}\nassert not any(pathlib.Path().glob('left_behind*'))"
    assert run_one(source).error is None


def test_memory_is_measured():
    small, large = (judged(exercise("one", s)) for s in ("x = 1", "x = torch.ones(30_000_000)"))
    assert 110e6 < list(large.values())[-1].memory_bytes - list(small.values())[-1].memory_bytes < 200e6
