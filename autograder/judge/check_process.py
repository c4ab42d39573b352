"""The fork of the judge in which test cells run, so that a crash or a change in place stays there.

Forking a process that has imported torch takes about 25 ms, as long as many tests. So one fork runs all test cells of a
student's process. Each test cell starts with the names and the random states that the setup cell left.
"""

from __future__ import annotations

import gc
import json
import os
import random
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
from autograder.student.confinement import die_with_parent, limit_address_space
from dgm_helpers.checks.randomness import SEED_VARIABLE

GRACE_SECONDS = 1.0  # added to a cell's time, for a test cell that loops after its calls
MEMORY_BYTES = 2 << 30  # the fork's limit, beyond the memory of the libraries
ENDED = b"\n"  # message: the test cell has ended and its calls are being repeated


class CheckProcess:
    """A fork of the judge for the test cells of one student's process.

    Args:
        namespace: the names that the setup cell defines.
        student: the student's process.
        seed: the seed of the inputs that the checks draw; None for the fixed inputs.
        modules: the modules that the test cells can import, by name.
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
            cell: the test cell.
            seconds: the time limit.
            answer: the text of the solution cell that it tests.

        Returns:
            The result, and whether the student's process is still usable.
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
            reply = json.loads(text or b"")
        except ValueError:
            return CellResult(error=self._death(text is None, seconds), seconds=taken), False
        error = reply["error"] and CellError.from_data(reply["error"])
        library = tuple(reply["library"])
        return CellResult(reply["outputs"], error, taken, library=library), reply["usable"]

    def end(self) -> int:
        """Stop the fork, unless it was stopped before. Return its exit status, or minus the signal."""
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
    """Return the answer, b"" if the pipe has ended, or None if its first part or then the rest takes too long."""
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
    """Run the requested cells one after the other; never return."""
    try:
        die_with_parent()
        limit_address_space(MEMORY_BYTES)
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
    error = result.error and asdict(result.error)
    reply = {"outputs": result.outputs, "error": error, "usable": usable, "library": result.library}
    answers.write(json.dumps(reply).encode() + b"\n")
    answers.flush()
    if result.error is not None:
        gc.collect()  # a traceback may keep large tensors alive


def _random_states() -> Callable[[], None]:
    """Return a function that restores the current states of the global generators."""
    torch_state, state = torch.get_rng_state(), random.getstate()

    def rewind() -> None:
        torch.set_rng_state(torch_state)
        random.setstate(state)

    return rewind
