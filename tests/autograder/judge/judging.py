"""Processes that the tests of the judge share, since starting one takes seconds, and what runs code in them."""

from __future__ import annotations

import atexit
import random
import textwrap
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

import pytest
from waiting import HANG_SECONDS

from autograder.judge.executor import Cell, CellResult, ExecutorError, Limits
from autograder.judge.pool import JudgePool
from autograder.judge.proxies import Conversation
from autograder.judge.sandbox import require_sandbox
from autograder.judge.student_process import Student, WarmParent

SETUP = Cell("set-up", "import os, sys, time, math\nimport torch\nfrom dgm_helpers import checks", "setup")
# Nothing runs into these by being slow: a test of a time limit has its own.
QUICK = Limits(cell_seconds=120.0, exercise_seconds=300.0, notebook_seconds=600.0, output_characters=2000)


def why_no_sandbox() -> str:
    """Return the reason why this machine has no sandbox, or an empty text."""
    try:
        require_sandbox()
    except ExecutorError as error:
        return str(error)
    return ""


TRUSTED = bool(why_no_sandbox())
needs_sandbox = pytest.mark.skipif(TRUSTED, reason=why_no_sandbox())


@cache
def warm_parent() -> WarmParent:
    """The one warm parent; it runs one child at a time."""
    parent = WarmParent(trust_submissions=TRUSTED)
    atexit.register(parent.close)
    return parent


@cache
def pool() -> JudgePool:
    """The one pool, of two judges at most; the first was wanted by a thread that has ended."""
    shared = JudgePool(2, trust_submissions=TRUSTED)
    atexit.register(shared.close)
    thread = threading.Thread(target=shared.run, args=([SETUP], QUICK))
    thread.start()
    thread.join()
    return shared


@contextmanager
def student(source: str = "", limits: Limits = QUICK) -> Iterator[Student]:
    """A student's process that has run a cell."""
    process = Student(warm_parent(), limits)
    try:
        process.allow(limits.cell_seconds)
        reply = process.ask({"do": "run", "source": textwrap.dedent(source)})
        assert reply.error is None, reply.error
        process.allow(HANG_SECONDS)
        yield process
    finally:
        process.end()


@contextmanager
def conversation(source: str, limits: Limits = QUICK) -> Iterator[Conversation]:
    """What a test cell has to do with a process that has run a cell."""
    with student(source, limits) as process:
        yield Conversation(process, random.Random(1))


def run_there(process: Student, source: str) -> dict:
    """Run a cell in a student's process and return what it answers."""
    return process.ask({"do": "run", "source": textwrap.dedent(source)}).header


def exercise(name: str, solution: str, *tests: str, hidden: Sequence[str] = ()) -> list[Cell]:
    """Return the cells of an exercise."""
    cells = [Cell(name, textwrap.dedent(solution), "solution", name)]
    cells += [Cell(f"{name}_{i}", textwrap.dedent(test), "test", name) for i, test in enumerate(tests)]
    return cells + [
        Cell(f"{name}_hidden_{i}", textwrap.dedent(t), "test", name, hidden=True)
        for i, t in enumerate(hidden)
    ]


GOOD = exercise("good", "def good():\n    return 1", "assert good() == 1", hidden=["assert good() == 1"])


def judged(
    cells: Sequence[Cell], limits: Limits = QUICK, seed: int | None = None, by: JudgePool | None = None
) -> dict[str, CellResult]:
    """Run cells after the set-up cell and return what came of each, by its id."""
    every = [SETUP, *cells]
    return {
        cell.id: result for cell, result in zip(every, (by or pool()).run(every, limits, seed), strict=True)
    }
