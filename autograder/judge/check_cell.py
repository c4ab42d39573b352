"""Run one test cell against a student's process."""

from __future__ import annotations

import ast
import contextlib
import io
import linecache
import random
import traceback
from collections.abc import Callable
from types import CodeType
from typing import Any

from autograder.judge.audit import ask_again
from autograder.judge.executor import Cell, CellError, CellResult
from autograder.judge.library_copies import copies_of
from autograder.judge.proxies import Conversation
from autograder.judge.reply import StudentEnded
from autograder.judge.student_process import Student
from autograder.wire.text_limits import CUT
from dgm_helpers.checks.failure import CheckFailed


def run_test(
    cell: Cell,
    answer: str,
    namespace: dict[str, Any],
    student: Student,
    randomness: random.Random,
    ended: Callable[[], None],
) -> tuple[CellResult, bool]:
    """Run a test cell against a student's process.

    Args:
        cell: the test cell.
        answer: the text of the solution cell that it tests.
        namespace: the names that the setup cell defines; the test cell adds to them.
        student: the student's process.
        randomness: a generator that the student does not know.
        ended: a function called when the cell has ended, before its calls are repeated under a separate time limit.

    Returns:
        The result, and whether the student's process is still usable.
    """
    stream, error, value, usable = _Printed(student.limits.output_characters), None, None, True
    conversation = None
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        try:
            body, last = compiled(cell.id, cell.source)
            conversation = Conversation(student, randomness)
            namespace |= {"__name__": "__main__", cell.exercise: conversation.look(cell.exercise)}
            exec(body, namespace)
            value = None if last is None else eval(last, namespace)
            ended()
            ask_again(conversation, randomness)
        except StudentEnded as gone:
            error, usable = gone.error, False
        except BaseException as raised:  # whatever a test cell raises is its verdict
            error = _cell_error(raised, cell)
    outputs: list[dict] = []
    if stream.tell():
        outputs.append({"output_type": "stream", "name": "stdout", "text": stream.getvalue()})
    if value is not None:
        shown = {"data": {"text/plain": repr(value)[:200]}, "metadata": {}, "execution_count": None}
        outputs.append({"output_type": "execute_result", **shown})
    return CellResult(outputs, error, library=_library_answer(conversation, answer)), usable


def _library_answer(conversation: Conversation | None, answer: str) -> tuple[str, ...]:
    """Return sentences on how the answer uses the library's own version of the exercise."""
    if conversation is None:
        return ()
    called = [f"calls {name}" for name in conversation.library_calls]
    return (*called, *(f"is a copy of {name}" for name in copies_of(answer, conversation.references)))


class _Printed(io.StringIO):
    """A stream that keeps the output of a cell, up to a number of characters."""

    def __init__(self, characters: int) -> None:
        super().__init__()
        self.left = characters

    def write(self, text: str) -> int:
        if self.left > 0:
            super().write(text if len(text) <= self.left else text[: self.left] + CUT)
        self.left -= len(text)
        return len(text)


def compiled(name: str, source: str) -> tuple[CodeType, CodeType | None]:
    """Compile a cell to its statements and its last expression, if it ends with one; its value is partial credit."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    file = f"<{name}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    body = compile(tree, file, "exec")
    return body, last and compile(ast.Expression(last.value), file, "eval")


def _cell_error(error: BaseException, cell: Cell) -> CellError:
    """Describe an exception of a test cell, with the student's traceback if the student's code raised it."""
    student_error = getattr(error, "student", None)
    if isinstance(student_error, CellError):
        return student_error
    name, message = type(error).__name__, str(error)
    if isinstance(error, CheckFailed):
        return CellError(name, message, (f"✗ {message}",), error.hint)
    steps = [step for step in traceback.extract_tb(error.__traceback__) if step.filename == f"<{cell.id}>"]
    lines = ["Traceback (most recent call last):\n", *traceback.format_list(steps), f"{name}: {message}"]
    return CellError(name, message, tuple("".join(lines).split("\n")))
