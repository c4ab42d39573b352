"""Cells in a fresh Jupyter kernel, as a student's notebook has it: nothing hidden, nothing shut out."""

from __future__ import annotations

import math
import os
import tempfile
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from time import monotonic
from typing import Any

from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from autograder.judge.executor import Cell, CellError, CellResult, ExecutorError, Limits

START_SECONDS = 120  # for the kernel, and for the first cell: the first import of torch can take a minute
SETTINGS = {"DGM_QUIET": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
ENDINGS = ("CellTimeout", "ProcessDied")  # errors after which there is no kernel to go on in
NEEDS = {"execute_result", "stream", "error"}  # the outputs that decide on points or say why


class KernelExecutor:
    """Runs each notebook in a kernel of this Python, in an empty temporary folder."""

    def run(self, cells: Sequence[Cell], limits: Limits, seed: int | None = None) -> list[CellResult]:
        """See :class:`autograder.judge.executor.Executor`."""
        run = _Run(limits, seed)
        try:
            return [run.cell(cell) for cell in cells]
        finally:
            run.end_session()

    def close(self) -> None:
        """Nothing is kept: each run ends its own kernel."""


class _Run:
    """One notebook's cells, of which a bad one costs its own exercise and nothing else, as in grading.

    After a cell that hangs or kills its kernel, the others go on in a new one, which first repeats what defined names.
    """

    def __init__(self, limits: Limits, seed: int | None) -> None:
        self.limits, self.seed = limits, seed
        self.session: _KernelSession | None = None
        self.to_repeat: list[Cell] = []
        self.failed: dict[
            str, CellError
        ] = {}  # by exercise; that of the set-up is "", and it fails all of them
        self.seconds_left = limits.notebook_seconds

    def cell(self, cell: Cell) -> CellResult:
        reason = self.failed.get("") or self.failed.get(cell.exercise)
        if reason is not None:
            return CellResult(error=reason)
        if self.seconds_left <= 0:
            total = (
                f"the {self.limits.notebook_seconds:g} s for the whole notebook were used up before this cell"
            )
            return CellResult(error=CellError("NotebookTimeout", total))
        result = self._result(cell)
        self.seconds_left -= result.seconds if self.to_repeat else 0  # the first one pays for all imports
        ended = result.error is not None and result.error.name in ENDINGS
        if ended:
            self.end_session()
        if cell.kind != "test" and result.error is None:
            self.to_repeat.append(cell)
        elif cell.kind != "test" or ended:
            what = "set-up" if cell.kind == "setup" else cell.kind
            why = f"this cell was not run, because the {what} cell {cell.id} failed with {result.error}"
            self.failed[cell.exercise] = CellError("NotRun", why)
        return result

    def _result(self, cell: Cell) -> CellResult:
        if self.session is None:
            self.session = _KernelSession(self.limits, self.seed)
            for earlier in self.to_repeat:
                self.session.run(earlier.source, self.limits.cell_seconds)
        return self.session.run(cell.source, min(self.limits.cell_seconds, self.seconds_left))

    def end_session(self) -> None:
        if self.session is not None:
            self.session.close()
            self.session = None


class _ThisPython(KernelSpecManager):
    """Another installation may have registered the name ``python3`` for itself."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(**get_kernel_dict())


class _Client(NotebookClient):
    """Keeps of a cell's outputs as much as is allowed."""

    characters_left = 0

    def output(
        self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str, cell_index: int
    ) -> NotebookNode | None:
        if msg["msg_type"] not in NEEDS:
            return None
        self.characters_left -= len(str(msg["content"]))
        if self.characters_left < 0 and msg["msg_type"] == "stream":
            return None
        return super().output(outs, msg, display_id, cell_index)


class _KernelSession:
    """One kernel; it and its folder go when the session is closed."""

    def __init__(self, limits: Limits, seed: int | None) -> None:
        self.limits, self.started = limits, False
        self.client = _Client(
            new_notebook(),
            km=AsyncKernelManager(kernel_spec_manager=_ThisPython()),
            allow_errors=True,
            shutdown_kernel="immediate",
            startup_timeout=START_SECONDS,
        )
        self.open = ExitStack()
        folder = tempfile.TemporaryDirectory(prefix="check-", ignore_cleanup_errors=True)
        self.folder = self.open.enter_context(folder)
        environment = {**os.environ, **SETTINGS}
        environment.pop("DGM_CHECK_SEED", None)
        if seed is not None:
            environment["DGM_CHECK_SEED"] = str(seed)
        self._start(environment)

    def _start(self, environment: dict[str, str]) -> None:
        log = self.open.enter_context(tempfile.TemporaryFile())
        self.open.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")  # zmq's about the event loop on Windows
        try:
            kernel = self.client.setup_kernel(
                cleanup_kc=True, cwd=self.folder, env=environment, stdout=log, stderr=log
            )
            self.open.enter_context(kernel)
        except (RuntimeError, OSError) as error:
            log.seek(0)
            said = log.read().decode(errors="replace").strip().splitlines()
            self.open.close()
            reason = said[-1] if said else error
            raise ExecutorError(f"the notebook kernel of this Python does not start: {reason}") from None

    def run(self, source: str, seconds: float) -> CellResult:
        began = monotonic()
        if not self.started:
            self.started, seconds = True, max(seconds, START_SECONDS)
        cell = new_code_cell(source)
        self.client.nb.cells.append(cell)
        self.client.timeout = math.ceil(max(seconds, 1))
        self.client.characters_left = self.limits.output_characters
        try:
            self.client.execute_cell(cell, len(self.client.nb.cells) - 1)
        except CellTimeoutError:
            error = CellError("CellTimeout", f"the cell did not end within {seconds:g} s")
            return CellResult(error=error, seconds=monotonic() - began)
        except DeadKernelError:
            error = CellError("ProcessDied", "the kernel died while the cell was running")
            return CellResult(error=error, seconds=monotonic() - began)
        failure = next((out for out in cell.outputs if out.output_type == "error"), None)
        outputs = [out for out in cell.outputs if out.output_type != "error"]
        error = failure and CellError(failure.ename, failure.evalue, tuple(failure.traceback))
        return CellResult(outputs, error, monotonic() - began)

    def close(self) -> None:
        self.open.close()
