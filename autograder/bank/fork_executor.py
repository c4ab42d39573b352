"""Run cells as a student's notebook does: in one process and one namespace, without a sandbox.

It is for code that can be trusted: the source's solutions, the answer bank, and mutants of both.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType

from autograder.judge.executor import Cell, CellError, CellResult, ExecutorError, Limits, not_run

MODULE = "autograder.bank.template"
SETTINGS = {"OMP_NUM_THREADS": "1", "DGM_QUIET": "1", "DGM_DEVICE": "cpu", "MPLBACKEND": "Agg"}
SETUP_SECONDS = 120.0  # limit for the setup cell, which imports everything


class NotebookExecutor:
    """Runs each notebook in a fork of a process in which its setup cell has already run.

    A cell that fails does not stop the later ones, as when a student presses *Run all* with errors allowed. A cell's
    time is processor time, so that a busy machine changes no verdict. The processes are started when they are needed
    and end with :meth:`close`.

    Args:
        folder: the lecture's private folder; a hidden cell imports ``hidden_checks`` from it.
        jobs: maximum number of notebooks to run at a time.
        stop_at_failure: whether to omit the cells after the first failed one; they get the error ``NotRun``.
    """

    def __init__(self, folder: Path | None = None, *, jobs: int = 1, stop_at_failure: bool = False) -> None:
        self.folder, self.stop_at_failure = folder, stop_at_failure
        self._free = threading.Semaphore(jobs)
        self._lock = threading.Lock()
        self._jobs = jobs
        self._idle: list[_Template] = []

    def __enter__(self) -> NotebookExecutor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def run(self, cells: Sequence[Cell], limits: Limits, seed: int | None = None) -> list[CellResult]:
        """Run cells, see :class:`autograder.judge.executor.Executor`.

        Raises:
            ExecutorError: if the process that runs them cannot be started, or dies.
        """
        setup = [cell for cell in cells if cell.kind == "setup"]
        others = [cell for cell in cells if cell.kind != "setup"]
        with self._free:
            template = self._template(setup, others)
            ran = template.run(others, limits, seed, self.stop_at_failure)
            with self._lock:
                self._idle.append(template)
        before, after = iter(template.setup_results), iter(ran)
        return [next(before if cell.kind == "setup" else after) for cell in cells]

    def close(self) -> None:
        """Stop the processes."""
        with self._lock:
            while self._idle:
                self._idle.pop().close()

    def _template(self, setup: list[Cell], others: list[Cell]) -> _Template:
        """Take an idle process with this setup, or start one, which replaces an idle one with a different setup."""
        texts = [cell.source for cell in setup]
        with self._lock:
            for template in self._idle:
                if template.texts == texts:
                    self._idle.remove(template)
                    return template
            if len(self._idle) >= self._jobs:
                self._idle.pop(0).close()
        return _Template(setup, "\n".join(cell.source for cell in others), self.folder)


class _Template:
    """The executor's end of a process in which a setup cell has run."""

    def __init__(self, setup: list[Cell], imports: str, folder: Path | None) -> None:
        self.texts = [cell.source for cell in setup]
        self._working_directory = tempfile.TemporaryDirectory(prefix="notebook-", ignore_cleanup_errors=True)
        self._process = subprocess.Popen(
            [sys.executable, "-m", MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=self._working_directory.name,
            env={**os.environ, **SETTINGS},
        )
        first = {
            "cells": [asdict(cell) for cell in setup],
            "limits": asdict(Limits(cell_seconds=SETUP_SECONDS)),
            "paths": [] if folder is None else [str(folder.resolve())],
            "imports": imports,
        }
        self.setup_results = self._ask(first)

    def run(self, cells: list[Cell], limits: Limits, seed: int | None, stop: bool) -> list[CellResult]:
        failed = next((result.error for result in self.setup_results if result.error is not None), None)
        if failed is not None:
            why = not_run(f"the setup cell failed with {failed}")
            return [CellResult(error=why) for _ in cells]
        asked = {"cells": [asdict(cell) for cell in cells], "limits": asdict(limits)}
        return self._ask({**asked, "seed": seed, "stop": stop})

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._working_directory.cleanup()

    def _ask(self, request: dict) -> list[CellResult]:
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = b""
        if not answer:
            self.close()
            raise ExecutorError(f"{MODULE} died with status {self._process.returncode}")
        return [_result(content) for content in json.loads(answer)]


def _result(content: dict) -> CellResult:
    error = content["error"] and CellError.from_data(content["error"])
    return CellResult(content["outputs"], error, content["seconds"], content["memory_bytes"])
