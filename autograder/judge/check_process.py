"""The fork of the judge in which test cells run: what they change in place, or a crash, stays there.

A fork of a process that has torch imported takes some 25 ms, as long as many a test. So one fork serves test cell after
test cell of a student's process, each with names and random states as after the set-up.
"""

from __future__ import annotations

import gc
import json
import os
import random
import resource
import select
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from time import monotonic
from types import ModuleType
from typing import Any, BinaryIO

import torch

from autograder.judge.check_cell import run_test
from autograder.judge.executor import Cell, CellError, CellResult, timed_out
from autograder.judge.student_process import Student
from autograder.student.confinement import die_with_parent
from dgm_helpers.checks.randomness import SEED_VARIABLE

GRACE_SECONDS = 1.0  # beyond a cell's time, for a test cell that loops over what it got
MEMORY_BYTES = 2 << 30  # of a test's fork, beyond what the libraries take
ENDED = b"\n"  # the test has ended, its calls are asked again


class CheckProcess:
    """A fork of the judge for the test cells of one student's process.

    Args:
        namespace: what the set-up cell defines.
        student: the process.
        seed: of the inputs that the checks draw; None for the fixed ones.
        modules: modules that the test cells can import, by name.
    """

    def __init__(
        self,
        namespace: dict[str, Any],
        student: Student,
        seed: int | None,
        modules: Mapping[str, ModuleType] | None = None,
    ) -> None:
        self.student = student
        reads, self.requests = os.pipe()
        self.answers, writes = os.pipe()
        self.pid: int | None = os.fork()
        if not self.pid:
            os.close(self.requests)
            os.close(self.answers)
            sys.modules.update(modules or {})
            _be_fork(reads, writes, namespace, student, seed)
        os.close(reads)
        os.close(writes)

    def run(self, cell: Cell, seconds: float, answer: str = "") -> tuple[CellResult, bool]:
        """Run a test cell.

        Args:
            cell: the test.
            seconds: how long it may take.
            answer: text of the solution cell that it tests.

        Returns:
            What came of it, and whether the student's process can go on being used.
        """
        began = monotonic()
        text = None
        try:
            os.write(self.requests, json.dumps([asdict(cell), seconds, answer]).encode() + b"\n")
            text = _read(
                self.answers, seconds + GRACE_SECONDS, self.student.limits.cell_seconds + GRACE_SECONDS
            )
        except BrokenPipeError:
            text = b""
        taken = monotonic() - began
        try:
            told = json.loads(text or b"")
        except ValueError:
            return CellResult(error=self._death(text is None, seconds), seconds=taken), False
        error = told["error"]
        if error is not None:
            error = CellError(error["name"], error["message"], tuple(error["traceback"]), error["hint"])
        library = tuple(told["library"])
        return CellResult(told["outputs"], error, taken, library=library), told["usable"]

    def end(self) -> int:
        """End it, if it has not ended yet; return its exit status, or minus the signal."""
        pid, self.pid = self.pid, None
        if pid is None:
            return 0
        os.close(self.requests)
        os.close(self.answers)
        os.kill(pid, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def _death(self, late: bool, seconds: float) -> CellError:
        status = self.end()
        if late:
            return timed_out(seconds)
        return CellError(
            "TestDied", f"the test cell's process ended with status {status} while it tested the answer"
        )


def _read(pipe: int, seconds: float, more_seconds: float) -> bytes | None:
    """Return the answer, or None if the first of it, or from then on the rest, takes too long; b"" if it ended."""
    answer = b""
    deadline = monotonic() + seconds
    while True:
        left = deadline - monotonic()
        if left <= 0 or not select.select([pipe], [], [], left)[0]:
            return None
        part = os.read(pipe, 1 << 16)
        if not part:
            return b""
        if not answer:
            deadline = monotonic() + more_seconds
        answer += part
        if answer != ENDED and answer.endswith(b"\n"):
            return answer


def _be_fork(reads: int, writes: int, namespace: dict[str, Any], student: Student, seed: int | None) -> None:
    """Run one cell after the other until there are no more; never return."""
    try:
        die_with_parent()
        _bound_memory()
        os.environ.pop(SEED_VARIABLE, None)
        if seed is not None:
            os.environ[SEED_VARIABLE] = str(seed)
        rewind = _random_states()
        with os.fdopen(reads, "rb") as requests, os.fdopen(writes, "wb") as answers:
            for request in requests:
                asked, seconds, answer = json.loads(request)
                rewind()
                _answer(answers, Cell(**asked), seconds, answer, dict(namespace), student, seed)
    finally:
        os._exit(0)


def _answer(
    answers: BinaryIO,
    cell: Cell,
    seconds: float,
    answer: str,
    namespace: dict[str, Any],
    student: Student,
    seed: int | None,
) -> None:
    def ended() -> None:
        answers.write(ENDED)
        answers.flush()

    student.allow(seconds)
    result, usable = run_test(cell, answer, namespace, student, random.Random(f"{seed}/{cell.id}"), ended)
    told = {"outputs": result.outputs, "error": result.error and asdict(result.error), "usable": usable}
    told["library"] = result.library
    answers.write(json.dumps(told).encode() + b"\n")
    answers.flush()
    if result.error is not None:
        gc.collect()  # a traceback may have held what was too large


def _random_states() -> Callable[[], None]:
    """Return what brings the global generators back to where they are now."""
    torch_state, state = torch.get_rng_state(), random.getstate()

    def rewind() -> None:
        torch.set_rng_state(torch_state)
        random.setstate(state)

    return rewind


def _bound_memory() -> None:
    if sys.platform != "linux":
        return
    with open("/proc/self/statm") as statm:
        used = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY_BYTES, used + MEMORY_BYTES))
