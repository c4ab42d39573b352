"""A pool of judge processes with the interface of an executor."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Pipe

from autograder.judge.executor import Cell, CellResult, ExecutorError, Limits
from autograder.judge.sandbox import PACKAGE, require_sandbox
from autograder.judge.student_process import SETTINGS

START_SECONDS = 120.0  # importing torch on a busy machine takes long
PASSES = 2


class JudgePool:
    """Runs submissions, at most ``jobs`` at a time; safe to call from several threads.

    Args:
        jobs: number of judge processes; each starts when it is needed.
        trust_submissions: whether to run without a sandbox, for submissions trusted as much as the user's own code.

    Raises:
        ExecutorError: if no sandbox is available, or if the system cannot fork processes.
    """

    def __init__(self, jobs: int = 1, *, trust_submissions: bool = False) -> None:
        if not hasattr(os, "fork"):
            raise ExecutorError(
                "grading needs a system that can fork processes; on Windows, run it inside WSL"
            )
        if not trust_submissions:
            require_sandbox()
        self.trust_submissions = trust_submissions
        self._closed = False
        self._lock = threading.Lock()
        # A judge dies with the thread that started it, so one thread that lives as long as the pool starts all judges.
        self._starter = ThreadPoolExecutor(1, "judge-starter")
        self._all: set[_JudgeProcess] = set()
        self._idle: queue.LifoQueue[_JudgeProcess | None] = queue.LifoQueue()
        for _ in range(max(jobs, 1)):
            self._idle.put(None)

    def run(self, cells: Sequence[Cell], limits: Limits, seed: int | None = None) -> list[CellResult]:
        """See :class:`autograder.judge.executor.Executor`.

        Raises:
            ExecutorError: if the judge process ends, or the pool is closed meanwhile.
        """
        process = self._idle.get()
        try:
            if process is None or not process.alive():
                process = self._start(process)
            return process.run(cells, limits, seed)
        finally:
            self._idle.put(process)

    def close(self) -> None:
        """Kill all judge processes; pending runs raise an :class:`ExecutorError`."""
        with self._lock:
            self._closed = True
            processes, self._all = self._all, set()
        for process in processes:
            process.close()
        self._starter.shutdown(wait=False)

    def __enter__(self) -> JudgePool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self, ended: _JudgeProcess | None) -> _JudgeProcess:
        with self._lock:
            if self._closed:
                raise ExecutorError("the judge pool has been closed")
            self._all.discard(ended)
            process = self._starter.submit(_JudgeProcess, trusted=self.trust_submissions).result()
            self._all.add(process)
        return process


class _JudgeProcess:
    def __init__(self, *, trusted: bool) -> None:
        self.connection, theirs = Pipe()
        self.log = tempfile.TemporaryFile()
        path = os.pathsep.join(filter(None, [str(PACKAGE.parent), os.environ.get("PYTHONPATH")]))
        with theirs:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-m", "autograder.judge.judge_process", str(theirs.fileno())),
                    "trusted" if trusted else "confined",
                ],
                env={**os.environ, **SETTINGS, "PYTHONPATH": path},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self.log,
                pass_fds=[theirs.fileno()],
            )

    def run(self, cells: Sequence[Cell], limits: Limits, seed: int | None) -> list[CellResult]:
        try:
            self.connection.send((list(cells), limits, seed))
            # The judge enforces the limits; a judge that does not answer long after them is stuck.
            if not self.connection.poll(START_SECONDS + PASSES * limits.notebook_seconds):
                self.process.kill()
            answer = self.connection.recv()
        except (OSError, EOFError):
            raise ExecutorError(f"the judge's process ended: {self._last_words()}") from None
        except BaseException:  # such as Ctrl-C; a late answer must not be read as the answer to the next job
            self.close()
            raise
        if isinstance(answer, str):
            raise ExecutorError(answer)
        return answer

    def alive(self) -> bool:
        return self.process.poll() is None

    def close(self) -> None:
        self.process.kill()  # the kernel then kills its sandbox
        self.process.wait()

    def _last_words(self) -> str:
        self.process.kill()
        status = self.process.wait()
        if self.log.closed:
            return f"exit status {status}"
        self.log.seek(0)
        lines = self.log.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"exit status {status}"
