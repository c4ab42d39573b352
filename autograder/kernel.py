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

from autograder.executor import (
    Cell,
    CellError,
    CellResult,
    ExecutorError,
    Limits,
    SessionEnded,
    run_cells,
)

START_SECONDS = 120  # for the kernel, and for the first cell: the first import of torch can take a minute
SETTINGS = {"DGM_QUIET": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
NEEDS = {"execute_result", "stream", "error"}  # the outputs that decide on points or say why


class KernelExecutor:
    """Runs each notebook in a kernel of this Python, in an empty temporary folder."""

    def run(self, cells: Sequence[Cell], limits: Limits, seed: int | None = None) -> list[CellResult]:
        """See :class:`autograder.executor.Executor`."""
        return run_cells(lambda: _KernelSession(limits, seed), cells, limits)

    def close(self) -> None:
        """Nothing is kept: each run ends its own kernel."""


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
        log = self.open.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 (closed with the session)
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
            raise SessionEnded(error, monotonic() - began) from None
        except DeadKernelError:
            error = CellError("ProcessDied", "the kernel died while the cell was running")
            raise SessionEnded(error, monotonic() - began) from None
        failure = next((out for out in cell.outputs if out.output_type == "error"), None)
        outputs = [out for out in cell.outputs if out.output_type != "error"]
        error = failure and CellError(failure.ename, failure.evalue, tuple(failure.traceback))
        return CellResult(outputs, error, monotonic() - began)

    def close(self) -> None:
        self.open.close()
