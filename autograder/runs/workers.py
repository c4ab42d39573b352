"""Workers, each of which grades one job at a time: here, threads of this process."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from nbformat import NotebookNode

from autograder.judge.executor import Executor, Limits
from autograder.runs.job import Job, check, grade_job
from autograder.submission.record import Record


class Workers(Protocol):
    """The interface of :class:`LocalWorkers` and :class:`autograder.runs.on_dask.DaskWorkers`."""

    @property
    def size(self) -> int:
        """The number of submissions graded at a time."""
        ...

    def begin(self) -> None:
        """Prepare for the first jobs."""
        ...

    def submit(self, job: Job, source: NotebookNode) -> Future[Record]:
        """Start a job. Its result is a record; an exception means that no submission can be graded."""
        ...

    def close(self) -> None:
        """Stop all running jobs immediately."""
        ...


class LocalWorkers:
    """Threads of this process; the processes of their executor do the work.

    Args:
        executor: the executor that runs the cells; it is closed with the workers.
        size: number of threads.
        limits: the limits of the trial cells; each thread runs one before the first job, so all processes start early.
    """

    def __init__(self, executor: Executor, size: int, limits: Limits) -> None:
        self.size = size
        self._executor, self._limits = executor, limits
        self._threads = ThreadPoolExecutor(size)
        self._checks: list[Future[None]] = []
        self._stopped = False

    def begin(self) -> None:
        """See :class:`Workers`."""
        if not self._checks:
            self._checks = [
                self._threads.submit(check, self._executor, self._limits) for _ in range(self.size)
            ]

    def submit(self, job: Job, source: NotebookNode) -> Future[Record]:
        """See :class:`Workers`."""
        self.begin()
        return self._threads.submit(self._grade, job, source)

    def _grade(self, job: Job, source: NotebookNode) -> Record:
        for checked in self._checks:
            checked.result()
        return grade_job(job, source, self._executor, lambda: self._stopped)

    def close(self) -> None:
        """See :class:`Workers`."""
        self._stopped = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._executor.close()

    def __enter__(self) -> LocalWorkers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
