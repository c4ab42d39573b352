"""A judge in its own process: it reads jobs from a connection, runs them, and sends back the results.

The process has one thread, because it forks for test cells. Jobs and results are pickled: both ends are trusted, and no
object of a submission ever gets here.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import linecache
import os
import signal
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection
from types import ModuleType
from typing import Any

from autograder.judge.executor import Cell, CellResult, ExecutorError, Limits
from autograder.judge.student_process import Student, WarmParent
from autograder.student.confinement import die_with_parent

# Modules that import torch are imported below, after the warm parent has started to import them too.


class Judge:
    """Runs submissions one after the other, with one warm parent for all of them."""

    def __init__(self, *, trust_submissions: bool) -> None:
        self.trust_submissions = trust_submissions
        self.parent: WarmParent | None = None
        self.namespaces: dict[str, dict[str, Any]] = {}
        self.modules: dict[tuple[str, str], ModuleType] = {}

    def warm_up(self) -> None:
        """Start the warm parent, which imports while this process does the same."""
        with contextlib.suppress(ExecutorError):  # the first submission reports the error
            self.parent = WarmParent(trust_submissions=self.trust_submissions)

    def run(self, cells: Sequence[Cell], limits: Limits, seed: int | None) -> list[CellResult]:
        """See :class:`autograder.judge.executor.Executor`.

        Raises:
            ExecutorError: if no sandbox is available, or if the course's own setup cell fails.
        """
        from autograder.judge.notebook import NotebookRun

        setup = "\n".join(cell.source for cell in cells if cell.kind == "setup")
        namespace = self._namespace(setup)
        modules = {cell.id: self._module(cell) for cell in cells if cell.kind == "module"}
        run = NotebookRun(lambda: self._start(limits), namespace, limits, seed, modules)
        results = iter(run.run([cell for cell in cells if cell.kind != "module"]))
        return [CellResult() if cell.kind == "module" else next(results) for cell in cells]

    def _start(self, limits: Limits) -> Student:
        if self.parent is not None:
            if self.parent.alive():
                with contextlib.suppress(ExecutorError):  # the parent has just ended: start a new one
                    return Student(self.parent, limits)
            self.parent.close()
        self.parent = WarmParent(trust_submissions=self.trust_submissions)
        return Student(self.parent, limits)

    def _namespace(self, setup: str) -> dict[str, Any]:
        """Return the names that the setup cell defines. It runs once, because test cells run in forks."""
        if setup not in self.namespaces:
            namespace: dict[str, Any] = {"__name__": "__main__"}
            try:
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(compile(setup, "<setup>", "exec"), namespace)
            except Exception as error:
                raise ExecutorError(
                    f"the course's own setup cell fails: {type(error).__name__}: {error}"
                ) from error
            self.namespaces[setup] = namespace
            gc.collect()
            gc.freeze()  # so that garbage collection in a fork does not touch, and so copy, these pages
        return self.namespaces[setup]

    def _module(self, cell: Cell) -> ModuleType:
        """Return the module with a cell's name and text. It is executed once; test cells import it in forks."""
        key = cell.id, cell.source
        if key not in self.modules:
            module, file = ModuleType(cell.id), f"<{cell.id}>"
            linecache.cache[file] = (len(cell.source), None, cell.source.splitlines(keepends=True), file)
            try:
                exec(compile(cell.source, file, "exec"), vars(module))
            except Exception as error:
                raise ExecutorError(
                    f"the course's own {cell.id} fails: {type(error).__name__}: {error}"
                ) from error
            self.modules[key] = module
        return self.modules[key]


def main() -> None:
    """Serve until the other end closes."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    connection = Connection(int(sys.argv[1]))
    judge = Judge(trust_submissions=sys.argv[2] == "trusted")
    judge.warm_up()
    os.environ["DGM_DEVICE"], os.environ["DGM_QUIET"] = "cpu", "1"
    importlib.import_module("autograder.student.warm").import_everything()
    importlib.import_module("autograder.judge.notebook")
    while True:
        try:
            job = connection.recv()
        except EOFError:
            return
        try:
            answer: Any = judge.run(*job)
        except ExecutorError as error:
            answer = str(error)
        connection.send(answer)


if __name__ == "__main__":
    main()
