"""Run cells in a fresh Jupyter kernel, as a student's notebook does: without hidden tests and sandbox."""

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

from autograder.judge.executor import Cell, CellError, CellResult, ExecutorError, Limits, timed_out
from autograder.judge.ledger import Ledger

START_SECONDS = (
    120  # for the kernel, and for the first cell: importing torch the first time can take a minute
)
SETTINGS = {"DGM_QUIET": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
ENDINGS = ("CellTimeout", "ProcessDied")  # errors after which a new kernel is needed
NEEDS = {"execute_result", "stream", "error"}  # the outputs that decide or explain the points


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
        """Do nothing: each run stops its own kernel."""


class _Run:
    """A run of one notebook's cells; if a cell hangs or kills its kernel, the others run in a new kernel."""

    def __init__(self, limits: Limits, seed: int | None) -> None:
        self.limits, self.seed = limits, seed
        self.ledger = Ledger(limits)
        self.session: _KernelSession | None = None

    def cell(self, cell: Cell) -> CellResult:
        """Run a cell, unless its exercise has failed or has no time left."""
        refusal = self.ledger.refusal(cell)
        if refusal is not None:
            return CellResult(error=refusal)
        result, seconds = self._run(cell)
        ended = _kernel_ended(result)
        if ended:
            self.end_session()
        self.ledger.record(cell, result.error, seconds, process_ended=ended)
        return result

    def _run(self, cell: Cell) -> tuple[CellResult, float]:
        """Return a cell's result, and the seconds to charge: also those of repeated cells, but not of the setup cell.

        The setup cell spends its time importing libraries, for which the submission is not responsible.
        """
        waiting = [cell]
        if self.session is None:
            self.session = _KernelSession(self.limits, self.seed)
            waiting = [*self.ledger.to_repeat, cell]
        counted = 0.0
        for each in waiting:
            seconds = self.ledger.seconds_for(cell) if each is cell else self.limits.cell_seconds
            result = self.session.run(each.source, seconds)
            counted += 0.0 if each.kind == "setup" else result.seconds
            if _kernel_ended(result):
                break
        return result, counted

    def end_session(self) -> None:
        if self.session is not None:
            self.session.close()
            self.session = None


def _kernel_ended(result: CellResult) -> bool:
    return result.error is not None and result.error.name in ENDINGS


class _ThisPython(KernelSpecManager):
    """Finds this Python's kernel, even if another installation has registered the name ``python3``."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(**get_kernel_dict())


class _Client(NotebookClient):
    """Keeps a cell's outputs up to a number of characters."""

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
    """One kernel; it and its folder are removed when the session is closed."""

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
        warnings.simplefilter("ignore")  # zmq warns about the event loop on Windows
        try:
            kernel = self.client.setup_kernel(
                cleanup_kc=True, cwd=self.folder, env=environment, stdout=log, stderr=log
            )
            self.open.enter_context(kernel)
        except (RuntimeError, OSError) as error:
            log.seek(0)
            lines = log.read().decode(errors="replace").strip().splitlines()
            self.open.close()
            reason = lines[-1] if lines else error
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
            return CellResult(error=timed_out(self.client.timeout), seconds=monotonic() - began)
        except DeadKernelError:
            error = CellError("ProcessDied", "the kernel died while the cell was running")
            return CellResult(error=error, seconds=monotonic() - began)
        failure = next((out for out in cell.outputs if out.output_type == "error"), None)
        outputs = [out for out in cell.outputs if out.output_type != "error"]
        error = failure and CellError(failure.ename, failure.evalue, tuple(failure.traceback))
        return CellResult(outputs, error, monotonic() - began)

    def close(self) -> None:
        self.open.close()
