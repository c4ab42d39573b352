"""A process in which a setup cell has run, and which forks for each notebook that begins with that cell.

:class:`autograder.bank.fork_executor.NotebookExecutor` starts it and writes requests, one JSON line each. The first
request contains the setup cells; each further one contains the cells to run. A fork runs them in one namespace and
writes one line per cell. The process enforces the time limit and answers with one line.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import io
import json
import os
import resource
import select
import signal
import sys
import traceback
import types
from dataclasses import asdict
from time import monotonic
from typing import Any, BinaryIO

import torch

from autograder.judge.check_cell import compiled
from autograder.judge.executor import Cell, CellError, CellResult, Limits, not_run
from autograder.notebooks.exercises import parsed
from autograder.student.confinement import die_with_parent, limit_address_space
from autograder.wire.text_limits import CUT
from dgm_helpers.checks.failure import CheckFailed
from dgm_helpers.checks.randomness import SEED_VARIABLE

SLOWER, GRACE_SECONDS = (
    5,
    5.0,
)  # wall-clock limit for a cell that waits or ignores the alarm: SLOWER * limit + GRACE_SECONDS


class CellTimeout(BaseException):
    """A cell exceeded its time limit; an answer's ``except Exception`` does not catch this."""


def main() -> None:
    """Run the setup cells, then answer requests until there are no more."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    _silence()
    torch.set_num_threads(1)
    first = json.loads(requests.readline())
    sys.path[:0] = first["paths"]
    sys.modules["__main__"] = types.ModuleType("__main__")  # as in a notebook, cells are this module
    namespace = vars(sys.modules["__main__"])
    limits = Limits(**first["limits"])
    results = [run_cell(Cell(**cell), namespace, limits) for cell in first["cells"]]
    _import_early(first["imports"])
    torch.broadcast_shapes((1,), (1,))  # its first call imports sympy
    _answer(answers, [asdict(result) for result in results])
    gc.freeze()  # garbage collection in forks skips these objects
    for request in requests:
        asked = json.loads(request)
        cells = [Cell(**cell) for cell in asked["cells"]]
        _answer(answers, _forked(cells, namespace, Limits(**asked["limits"]), asked["seed"], asked["stop"]))


def run_cell(cell: Cell, namespace: dict[str, Any], limits: Limits) -> CellResult:
    """Run one cell in a namespace, as a notebook does, and return its output, value and error.

    A cell of kind ``module`` becomes a module that later cells can import.
    """
    began, printed, value, error = monotonic(), io.StringIO(), None, None
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), _alarm(limits):
        try:
            if cell.kind == "module":
                sys.modules[cell.id] = types.ModuleType(cell.id)
                namespace = vars(sys.modules[cell.id])
            body, last = compiled(cell.id, cell.source)
            exec(body, namespace)
            value = None if last is None else eval(last, namespace)
        except BaseException as raised:  # any exception, even SystemExit or the alarm, is the cell's error
            error = _described(raised, limits)
    outputs: list[dict] = []
    if text := printed.getvalue():
        cut = text if len(text) <= limits.output_characters else text[: limits.output_characters] + CUT
        outputs.append({"output_type": "stream", "name": "stdout", "text": cut})
    if value is not None:
        shown = {"data": {"text/plain": repr(value)[:200]}, "metadata": {}, "execution_count": None}
        outputs.append({"output_type": "execute_result", **shown})
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return CellResult(outputs, error, monotonic() - began, peak)


def _described(error: BaseException, limits: Limits) -> CellError:
    name, message = type(error).__name__, str(error)
    if isinstance(error, CellTimeout):
        message = f"the cell did not end within {limits.cell_seconds:.3g} s of processor time"
    if isinstance(error, CheckFailed):
        return CellError(name, message, (f"✗ {message}",), error.hint)
    lines = traceback.format_exception(error, limit=-10)
    return CellError(name, message, tuple("".join(lines).rstrip().split("\n")))


@contextlib.contextmanager
def _alarm(limits: Limits):
    def ring(*_: object) -> None:
        raise CellTimeout

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, limits.cell_seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _forked(
    cells: list[Cell], namespace: dict[str, Any], limits: Limits, seed: int | None, stop: bool
) -> list[dict]:
    """Run cells in a fork and return one result per cell; cells that were not reached get an error with the reason."""
    reads, writes = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reads)
        _be_fork(writes, cells, namespace, limits, seed, stop)
    os.close(writes)
    results: list[dict] = []
    end = None
    lines = _Lines(reads)
    while len(results) < len(cells):
        line = lines.next(limits.cell_seconds * SLOWER + GRACE_SECONDS)
        if not line:
            end = "CellTimeout" if line is None else "ProcessDied"
            break
        results.append(json.loads(line))
    os.close(reads)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    failed = bool(results) and results[-1]["error"] is not None
    if len(results) < len(cells) and not (stop and failed):
        why = f"the cell's process ended or was killed, with status {status}"
        results.append(asdict(CellResult(error=CellError(end or "ProcessDied", why))))
    skipped = not_run("an earlier cell failed")
    missing = len(cells) - len(results)
    return results + [asdict(CellResult(error=skipped)) for _ in range(missing)]


class _Lines:
    """The lines that arrive in a pipe."""

    def __init__(self, pipe: int) -> None:
        self.pipe, self.waiting = pipe, b""

    def next(self, seconds: float) -> bytes | None:
        """Return the next line, b"" if the pipe has ended, or None if it takes too long."""
        deadline = monotonic() + seconds
        while b"\n" not in self.waiting:
            left = deadline - monotonic()
            if left <= 0 or not select.select([self.pipe], [], [], left)[0]:
                return None
            part = os.read(self.pipe, 1 << 16)
            if not part:
                return b""
            self.waiting += part
        line, _, self.waiting = self.waiting.partition(b"\n")
        return line


def _be_fork(
    writes: int, cells: list[Cell], namespace: dict[str, Any], limits: Limits, seed: int | None, stop: bool
) -> None:
    """Run the cells and write one line per cell; never return."""
    try:
        die_with_parent()
        limit_address_space(limits.memory_bytes)
        os.environ.pop(SEED_VARIABLE, None)
        if seed is not None:
            os.environ[SEED_VARIABLE] = str(seed)
        with os.fdopen(writes, "wb") as results:
            for cell in cells:
                result = run_cell(cell, namespace, limits)
                _answer(results, asdict(result))
                if stop and result.error is not None:
                    break
    finally:
        os._exit(0)


def _answer(stream: BinaryIO, content: object) -> None:
    stream.write(json.dumps(content).encode() + b"\n")
    stream.flush()


def _import_early(source: str) -> None:
    """Import the modules of the cells once, so that no fork needs to; an import that fails here also fails there."""
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            with contextlib.suppress(Exception):
                exec(compile(ast.Module([node], []), "<imports>", "exec"), {})


def _silence() -> None:
    """Keep output that bypasses Python out of the answers, and keep cells from reading the requests."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1):
        os.dup2(nothing, descriptor)


if __name__ == "__main__":
    main()
