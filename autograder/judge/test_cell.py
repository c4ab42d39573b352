"""Runs one test cell in a fork of the judge: what it changes in place, or a crash, stays there."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import linecache
import os
import random
import resource
import select
import signal
import sys
import traceback
from dataclasses import asdict
from time import monotonic
from types import CodeType
from typing import Any, TextIO

from autograder.executor import Cell, CellError, CellResult
from autograder.judge.audit import ask_again
from autograder.judge.proxies import Conversation
from autograder.judge.reply import StudentEnded
from autograder.judge.student import Student
from autograder.student.confinement import die_with_parent
from autograder.wire.texts import CUT
from dgm_helpers.checks.failure import CheckFailed
from dgm_helpers.checks.randomness import SEED_VARIABLE

GRACE_SECONDS = 1.0  # beyond a cell's time, for a test cell that loops over what it got
MEMORY_BYTES = 2 << 30  # of a test's fork, beyond what the libraries take


def run_test(
    cell: Cell, namespace: dict[str, Any], student: Student, seconds: float, seed: int | None
) -> tuple[CellResult, bool]:
    """Run a test cell against a student's process.

    Args:
        cell: the test.
        namespace: what the set-up cell defines.
        student: the process.
        seconds: how long it may take.
        seed: of the inputs that the checks draw; None for the fixed ones.

    Returns:
        What came of it, and whether the student's process can go on being used.
    """
    began = monotonic()
    student.allow(seconds)
    mine, theirs = os.pipe()
    child = os.fork()
    if not child:
        os.close(mine)
        _be_fork(theirs, cell, namespace, student, seed)
    os.close(theirs)
    text = _read(mine, seconds + GRACE_SECONDS, student.limits.cell_seconds + GRACE_SECONDS)
    os.close(mine)
    if text is None:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    taken = monotonic() - began
    try:
        told = json.loads(text or "")
    except ValueError:
        return CellResult(error=_fork_died(text is None, seconds, status), seconds=taken), False
    error = told["error"]
    if error is not None:
        error = CellError(error["name"], error["message"], tuple(error["traceback"]), error["hint"])
    return CellResult(told["outputs"], error, taken), told["usable"]


def _fork_died(late: bool, seconds: float, status: int) -> CellError:
    if late:
        return CellError("CellTimeout", f"the cell did not end within {seconds:.3g} s")
    return CellError(
        "TestDied", f"the test ended with status {os.waitstatus_to_exitcode(status)} on what it was given"
    )


def _read(pipe: int, seconds: float, more_seconds: float) -> str | None:
    """Return all that is written, or None if the first of it, or from then on the rest, takes too long."""
    parts: list[bytes] = []
    deadline = monotonic() + seconds
    while True:
        left = deadline - monotonic()
        if left <= 0 or not select.select([pipe], [], [], left)[0]:
            return None
        part = os.read(pipe, 1 << 16)
        if not part:
            return b"".join(parts).decode()
        if not parts:
            deadline = monotonic() + more_seconds
        parts.append(part)


def _be_fork(pipe: int, cell: Cell, namespace: dict[str, Any], student: Student, seed: int | None) -> None:
    """Run the cell, write what came of it, never return."""
    try:
        die_with_parent()
        _bound_memory()
        os.environ.pop(SEED_VARIABLE, None)
        if seed is not None:
            os.environ[SEED_VARIABLE] = str(seed)
        with os.fdopen(pipe, "w") as stream:
            told = _run(cell, dict(namespace), student, random.Random(f"{seed}/{cell.id}"), stream)
            stream.write(json.dumps(told))
    finally:
        os._exit(0)


def _run(
    cell: Cell, namespace: dict[str, Any], student: Student, randomness: random.Random, pipe: TextIO
) -> dict:
    stream, error, value, usable = _Printed(student.limits.output_characters), None, None, True
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        try:
            body, last = compiled(cell.id, cell.source)
            conversation = Conversation(student, randomness)
            namespace |= {"__name__": "__main__", cell.exercise: conversation.look(cell.exercise)}
            exec(body, namespace)
            value = None if last is None else eval(last, namespace)
            print(flush=True, file=pipe)  # the test has ended, what follows has time of its own
            ask_again(conversation, randomness)
        except StudentEnded as ended:
            error, usable = ended.error, False
        except BaseException as raised:  # whatever a test cell raises on what it was given is its verdict
            error = _cell_error(raised, cell)
    outputs: list[dict] = []
    if stream.tell():
        outputs.append({"output_type": "stream", "name": "stdout", "text": stream.getvalue()})
    if value is not None:
        shown = {"data": {"text/plain": repr(value)[:200]}, "metadata": {}, "execution_count": None}
        outputs.append({"output_type": "execute_result", **shown})
    return {"outputs": outputs, "error": error and asdict(error), "usable": usable}


class _Printed(io.StringIO):
    """What a cell prints, up to a number of characters."""

    def __init__(self, characters: int) -> None:
        super().__init__()
        self.left = characters

    def write(self, text: str) -> int:
        if self.left > 0:
            super().write(text if len(text) <= self.left else text[: self.left] + CUT)
        self.left -= len(text)
        return len(text)


def compiled(name: str, source: str) -> tuple[CodeType, CodeType | None]:
    """Compile a cell to its statements and, if the last of them is an expression, that; its value is partial credit."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    file = f"<{name}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    body = compile(tree, file, "exec")
    return body, last and compile(ast.Expression(last.value), file, "eval")


def _cell_error(error: BaseException, cell: Cell) -> CellError:
    """Describe what a test cell raised; with the student's own traceback if it was raised over there."""
    raised_there = getattr(error, "student", None)
    if isinstance(raised_there, CellError):
        return raised_there
    name, message = type(error).__name__, str(error)
    if isinstance(error, CheckFailed):
        return CellError(name, message, (f"✗ {message}",), error.hint)
    steps = [step for step in traceback.extract_tb(error.__traceback__) if step.filename == f"<{cell.id}>"]
    lines = ["Traceback (most recent call last):\n", *traceback.format_list(steps), f"{name}: {message}"]
    return CellError(name, message, tuple("".join(lines).split("\n")))


def _bound_memory() -> None:
    if sys.platform != "linux":
        return
    with open("/proc/self/statm") as statm:
        used = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY_BYTES, used + MEMORY_BYTES))
