"""What the benchmarks stand on: a function called in another process, its value, its failure, the order of turns."""

import importlib.util
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
SIDE = """
import os, sys, time
kept = []
def prepare(name): kept.append(name)
def state(): print("not an answer"); os.write(1, b"nor this"); return [kept, os.environ["OMP_NUM_THREADS"]]
def work():
    clock = time.perf_counter
    time.perf_counter = lambda: clock() + 1000  # as if it took as long
def allocate(mib): return len(bytearray(os.urandom(1)) * (mib << 20))
def fail(): raise ArithmeticError("the reason")
def leave(): sys.stderr.write("last words"); sys.stderr.flush(); os._exit(3)
"""


def load(name):
    specification = importlib.util.spec_from_file_location(f"benchmarks_{name}", BENCHMARKS / f"{name}.py")
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module  # dataclasses look their module up
    specification.loader.exec_module(module)
    return module


sides, peers, measure = load("sides"), load("peers"), load("measure")


@pytest.fixture
def side(tmp_path):
    file = tmp_path / "side.py"
    file.write_text(SIDE)
    with sides.Side(file, threads=3) as side:
        yield side


def test_a_side_keeps_its_state_between_calls_and_what_it_prints_is_no_answer(side):
    assert side.call("prepare", name="α").value is None
    assert side.call("state").value == [["α"], "3"]


def test_a_call_is_timed_and_its_memory_is_measured(side):
    assert 1000 <= side.call("work").seconds < 2000
    before, answer, after = side.call("state"), side.call("allocate", mib=64), side.call("state")
    assert answer.value == 64 << 20
    if sys.platform == "linux":  # the height of one call is not the next one's
        assert answer.peak_mib - before.peak_mib > 60 and answer.peak_mib - after.peak_mib > 60


def test_a_failure_is_reported_and_the_side_goes_on(side):
    with pytest.raises(RuntimeError, match=r"(?s)^fail of side\.py failed:.*ArithmeticError: the reason"):
        side.call("fail")
    assert side.call("state").value[0] == []


def test_a_process_that_has_ended_is_reported_with_its_last_words(side):
    for _ in range(2):
        with pytest.raises(RuntimeError, match=r"(?s)^the process of side\.py has ended:.*last words"):
            side.call("leave")


def test_sides_take_turns_in_alternating_order():
    calls = []

    class Recorder:
        def __init__(self, name):
            self.name = name

        def call(self, function, **arguments):
            calls.append((self.name, function, arguments))
            return sides.Answer(value=len(calls), seconds=float(len(calls)), peak_mib=None)

    answers = sides.in_turns({"a": Recorder("a"), "b": Recorder("b")}, "step", rounds=2, warm_up=1, n=5)
    assert "".join(name for name, *_ in calls) == "baabba"
    assert all(call[1:] == ("step", {"n": 5}) for call in calls)
    assert [answer.value for answer in answers["a"]] == [3, 6]
    assert sides.ratios(answers["a"], answers["b"]) == [3 / 4, 6 / 5]
    assert sides.spread([1.0, 2.0, 3.0, 4.0, 5.0], 1, " s") == "3.0 s [2.0, 4.0]"


def test_an_unknown_peer_is_refused_with_the_known_ones():
    with pytest.raises(SystemExit, match=r"^peer must be one of pythae, .*; got 'nobody'$"):
        peers.environment("nobody")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["c"], "argument PART: must be one of a, b; got 'c'"),
        (
            ["--rounds", "1"],
            "argument --rounds: must be at least 2, because quartiles need two measurements; got 1",
        ),
        (["--rounds", "x"], "argument --rounds: invalid int value: 'x'"),
    ],
)
def test_options_that_no_benchmark_can_use_are_refused(capsys, arguments, said):
    parser = measure.options_of("What is measured.")
    measure.add_names(parser, ["a", "b"], "PART")
    measure.add_rounds(parser, 9)
    options = parser.parse_args([])
    assert (options.names, options.rounds) == ([], 9)
    options = parser.parse_args(["b", "a", "--rounds", "2"])
    assert (options.names, options.rounds) == (["b", "a"], 2)
    with pytest.raises(SystemExit, match="2"):
        parser.parse_args(arguments)
    assert capsys.readouterr().err.endswith(f"error: {said}\n")
