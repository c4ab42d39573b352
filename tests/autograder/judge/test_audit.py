"""An answer depends on its arguments alone: what does not is told from what only looks as if it did not."""

import math
import random
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
import torch
from judging import QUICK, student
from waiting import HANG_SECONDS

from autograder.judge import audit
from autograder.judge.audit import alike, ask_again
from autograder.judge.proxies import SAMPLE, Conversation
from autograder.judge.reply import StudentEnded
from dgm_helpers.checks import CheckFailed

pytestmark = pytest.mark.security

SOURCE = """
import functools, itertools, os, random, time
import numpy as np
import torch

calls = itertools.count()
seen, cache, last = {}, {}, [None]

def counter(x): return next(calls)
def counter_in_a_tensor(x): return x * 0 + next(calls)
def every_other(x): return x + next(calls) % 2
def shape_counter(x): return x.reshape(-1)[: 1 + next(calls) % 2]
def kind_counter(x): return [x, (x,)][next(calls) % 2]
def dtype_counter(x): return [torch.float32, torch.float64][next(calls) % 2]
def slice_counter(x): return slice(next(calls))
def key_counter(x): return {f"key {next(calls)}": x}
def text_counter(x): return f"{next(calls)}"
def array_counter(x): return np.array([next(calls)])
def gradient_counter(x): return (x * next(calls)).sum()
def last_argument(x):
    before, last[0] = last[0], x
    return before
def same_as_before(x):
    key = tuple(x.reshape(-1).tolist())
    seen[key] = seen.get(key, 0) + 1
    return torch.tensor(float(seen[key]))
def fails_the_second_time(x):
    if seen.setdefault("failed", 0): raise ValueError
    seen["failed"] = 1
    return x
def clock(x): return time.perf_counter() % 1e-3
def identity(x): return id(object()) + id([next(calls)] * next(calls))
def process_time(x): return torch.tensor(time.process_time_ns())
def urandom(x): return int.from_bytes(os.urandom(4), "big")
generator = torch.Generator().manual_seed(1)
def own_generator(x): return torch.randn(3, generator=generator)

def honest(x): return {"sum": x.sum(), "parts": [x, (x > 0, None)], "n": len(x), "f": 2.0}
def drawn(x): return x + torch.randn(x.shape)
def drawn_by(x, generator=None): return x + torch.randn(x.shape, generator=generator)
def drawn_by_numpy_and_python(x): return np.random.rand(3) + random.random()
@functools.lru_cache
def cached(n): return {"n": n}
def memoised(x):
    key = tuple(x.tolist())
    if key not in cache: cache[key] = x.sum()
    return cache[key]
def slow(x):
    time.sleep(0.3)
    return x
def slow_counter(x):
    time.sleep(0.3)
    return next(calls)
def hangs_the_second_time(x):
    if seen.setdefault("hung", 0): time.sleep(1200)
    seen["hung"] = 1
    return x
def rounded_otherwise(x): return x * (1 + 1e-6 * (next(calls) % 2))
def not_a_number(x): return x / 0 * 0
def prints(x):
    print("printed", next(calls))
    return x
def function(x): return lambda y: x + y
def generated(n): return (i for i in range(n))
class Model:
    def __init__(self, w): self.w, self.calls = w, 0
    def __call__(self, x): return self.w * x
    def train(self): self.w = self.w + 1
    def count(self):
        self.calls += 1
        return self.calls
def loss(model, x): return model(x).sum()
"""
STATEFUL = [
    *("counter", "counter_in_a_tensor", "every_other", "shape_counter", "kind_counter", "dtype_counter"),
    *("slice_counter", "key_counter", "text_counter", "array_counter", "gradient_counter", "last_argument"),
    *(
        "same_as_before",
        "fails_the_second_time",
        "clock",
        "identity",
        "process_time",
        "urandom",
        "own_generator",
    ),
]
HONEST = [
    *("honest", "drawn", "drawn_by", "drawn_by_numpy_and_python", "memoised", "slow", "rounded_otherwise"),
    *("not_a_number", "function", "prints"),
]


@pytest.fixture
def process():
    with student(SOURCE, QUICK) as process:
        yield process


@pytest.fixture
def cell(process):
    """A test cell's dealings with the student's process."""
    process.allow(HANG_SECONDS)
    return Conversation(process, random.Random(1))


def audited(cell: Conversation) -> None:
    ask_again(cell, random.Random(2))


@pytest.mark.notebook
@pytest.mark.parametrize("name", STATEFUL)
def test_an_answer_with_a_memory_is_found_out(cell, name):
    cell.look(name)(torch.ones(2))
    with pytest.raises(
        CheckFailed, match=f"{name}: the same call, repeated, gives a different answer"
    ) as failed:
        audited(cell)
    assert "no counter" in failed.value.hint


@pytest.mark.notebook
@pytest.mark.parametrize("seed", range(4))
def test_answers_that_alternate_are_found_out_in_whatever_order_they_are_asked_again(cell, seed, monkeypatch):
    monkeypatch.setattr(audit, "SECONDS", HANG_SECONDS)  # where calls are slow, fewer are asked again
    every_other = cell.look("every_other")
    every_other(torch.ones(2))
    every_other(torch.ones(2))
    with pytest.raises(CheckFailed):
        ask_again(cell, random.Random(seed))


@pytest.mark.notebook
@pytest.mark.parametrize("name", HONEST)
def test_an_honest_answer_stays_right(cell, name):
    function = cell.look(name)
    for i in range(5):
        function(torch.arange(3.0) + i)
    audited(cell)


@pytest.mark.notebook
def test_answers_that_need_an_argument_of_their_own_stay_right(cell):
    cached, drawn_by, generated = cell.look("cached"), cell.look("drawn_by"), cell.look("generated")
    generator = torch.Generator().manual_seed(4)
    for i in range(3):
        assert cached(i) == {"n": i}
        drawn_by(torch.zeros(3), generator=generator)
        assert list(generated(i)) == list(range(i))
    audited(cell)


@pytest.mark.notebook
def test_an_object_may_remember_and_be_trained_between_two_calls_with_it(cell):
    Model, loss = cell.look("Model"), cell.look("loss")
    model = Model(torch.ones(2))
    before = loss(model, torch.ones(2))
    model.train()
    assert model.count() == 1
    assert loss(model, torch.ones(2)) == 2 * before
    audited(cell)


@pytest.mark.notebook
def test_arguments_and_results_may_be_written_to_after_the_call(cell):
    x = torch.ones(3)
    result = cell.look("honest")(x)
    x.zero_()
    result["parts"][0].zero_()
    result["parts"].clear()
    audited(cell)


@pytest.mark.notebook
def test_what_is_printed_when_asked_again_is_not_shown(cell, capsys):
    cell.look("prints")(torch.ones(1))
    capsys.readouterr()
    audited(cell)
    assert capsys.readouterr().out == ""


@pytest.mark.notebook
def test_who_is_slow_is_asked_again_in_time_of_its_own(process):
    for name, right in (("slow", True), ("slow_counter", False)):
        process.allow(HANG_SECONDS)
        cell = Conversation(process, random.Random(1))
        cell.look(name)(torch.ones(1))
        process.allow(0.0)  # the test cell has used up its time
        with nullcontext() if right else pytest.raises(CheckFailed):
            audited(cell)


@pytest.mark.notebook
def test_who_hangs_when_asked_again_has_not_answered():
    with student(SOURCE, QUICK) as process:
        cell = Conversation(process, random.Random(1))
        cell.look("hangs_the_second_time")(torch.ones(1))
        process.limits = replace(QUICK, cell_seconds=0.5)
        with pytest.raises(StudentEnded, match="CellTimeout"):
            audited(cell)


@pytest.mark.notebook
def test_of_many_calls_each_is_as_likely_to_be_asked_again(process):
    process.allow(HANG_SECONDS)
    kept = []
    for seed in range(40):
        cell = Conversation(process, random.Random(seed))
        honest = cell.look("honest")
        for i in range(12):
            honest(torch.full((2,), float(i)))
        assert len(cell.sample) == SAMPLE
        kept += [int(call.result["parts"][0][0]) for call in cell.sample]
    counts = [kept.count(i) for i in range(12)]
    assert min(counts) >= 2  # 10 are expected of each; fewer than 2 have a probability of 0.0005
    assert max(counts) <= 21


SAME = [
    (1.0, 1.0 + 1e-6),
    (math.nan, math.nan),
    (math.inf, math.inf),
    (torch.tensor([1e6, 1e-3]), torch.tensor([1e6, 0.0])),
    (torch.tensor([math.nan, 1.0]), torch.tensor([math.nan, 1.0])),
    (torch.empty(0), torch.empty(0)),
    (np.float32(1), np.float32(1)),
    (np.array([2**63], dtype=np.uint64), np.array([2**63], dtype=np.uint64)),
    (torch.tensor([1 + 1j]), torch.tensor([1 + 1j])),
    (torch.tensor([1.0], dtype=torch.bfloat16), torch.tensor([1.0], dtype=torch.bfloat16)),
    (torch.ones(2, requires_grad=True) * 2, torch.ones(2) * 2),
    (torch.Size([1]), torch.Size([1])),
    (iter([1]), iter([2])),
    (slice(1), slice(1)),
    ({"a": [None, (True, "b")]}, {"a": [None, (True, "b")]}),
]
DIFFERENT = [
    (1, 1.0),
    (1, 2),
    (True, 1),
    (0.0, 1e-3),
    (1.0, 1.001),
    (1.0, math.nan),
    (math.inf, -math.inf),
    (None, 0),
    ("a", "b"),
    ([1], (1,)),
    ([1, 2], [1]),
    ({"a": 1}, {"b": 1}),
    ({"a": 1, "b": 1}, {"b": 1, "a": 1}),
    (torch.ones(2), torch.ones(1)),
    (torch.ones(2), torch.ones(2).double()),
    (torch.tensor([1e6, 0.0]), torch.tensor([1e6, 1e3])),
    (torch.tensor([1, 2]), torch.tensor([1, 3])),
    (torch.tensor([True]), torch.tensor([False])),
    (torch.tensor([1j]), torch.tensor([-1j])),
    (np.array([1.0]), torch.tensor([1.0])),
    (np.array([1], dtype=np.uint64), np.array([2], dtype=np.uint64)),
    (np.float32(1), np.float64(1)),
    (torch.float32, torch.float64),
    (slice(1), slice(2)),
    (torch.Size([1]), torch.Size([2])),
]


@pytest.mark.parametrize(("first", "second"), SAME)
def test_results_that_are_the_same_up_to_rounding_are_alike(first, second):
    assert alike(first, second)


@pytest.mark.parametrize(("first", "second"), DIFFERENT)
def test_results_that_differ_by_more_than_rounding_are_not_alike(first, second):
    assert not alike(first, second)
    assert not alike([second], [first])
