"""What a log file is told of a run: after the first step, each tenth, and every ten minutes."""

import pytest
from torch import nn

from dgm_helpers.training.distributed import Processes
from dgm_helpers.training.progress import Lines, duration
from dgm_helpers.training.settings import Settings
from dgm_helpers.training.state import State


def told(capsys, *, seconds_a_step, until, steps=None, seconds=None, start=0):
    """The steps after which a line comes, and the lines."""
    state = State.begin(nn.Linear(1, 1), (1, 1), Settings(steps=1), Processes())
    state.step, state.seconds = start, start * seconds_a_step
    with Lines(state, steps, seconds) as lines:
        for _ in range(start, until):
            state.step += 1
            state.seconds += seconds_a_step
            lines.set_postfix_str(f"loss {state.step}")
            lines.update()
    said = capsys.readouterr()
    assert said.out == ""
    written = said.err.splitlines()
    return [int(line.split()[1].strip(",").replace(",", "")) for line in written], written


def test_a_line_for_each_tenth_of_the_steps(capsys):
    steps, lines = told(capsys, seconds_a_step=0.5, until=2000, steps=2000)
    assert steps == [1, *range(200, 2001, 200)]
    assert lines[2] == "step 400 of 2,000, 3 min 20 s, about 13 min 20 s to go: loss 400"
    assert lines[-1] == "step 2,000 of 2,000, 16 min 40 s: loss 2000"


def test_a_line_for_each_tenth_of_the_time(capsys):
    steps, lines = told(capsys, seconds_a_step=0.25, until=80, seconds=20.0)
    assert steps == [1, *range(8, 81, 8)]
    assert lines[5] == "step 40, 10 s, about 10 s to go: loss 40"


def test_whichever_ends_first_is_what_is_left(capsys):
    _, lines = told(capsys, seconds_a_step=1.0, until=10, steps=1000, seconds=100.0)
    assert lines[-1] == "step 10 of 1,000, 10 s, about 1 min 30 s to go: loss 10"


def test_a_long_run_gives_a_sign_of_life_every_ten_minutes(capsys):
    steps, _ = told(capsys, seconds_a_step=100.0, until=20, steps=100_000)
    assert steps == [1, 7, 13, 19]


def test_a_run_that_goes_on_counts_from_where_it_was(capsys):
    steps, _ = told(capsys, seconds_a_step=0.1, until=100, steps=100, start=45)
    assert steps == [46, 50, 60, 70, 80, 90, 100]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (42.4, "42 s"),
        (60, "1 min 0 s"),
        (3599.6, "1 h 0 min"),
        (9e6, "2,500 h 0 min"),
    ],
)
def test_a_time_is_said_in_its_units(seconds, said):
    assert duration(seconds) == said
