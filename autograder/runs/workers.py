"""Those who grade, each a job at a time: here threads of this process."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from nbformat import NotebookNode

from autograder.executor import Executor, Limits
from autograder.record import Record
from autograder.runs.job import Job, check, grade_job


class Workers(Protocol):
    """Those who grade; :class:`LocalWorkers`, and :class:`autograder.runs.on_dask.DaskWorkers`."""

    @property
    def size(self) -> int:
        """How many submissions they grade at a time."""
        ...

    def submit(self, job: Job, source: NotebookNode) -> Future[Record]:
        """Begin with a job. Its result is a record; an exception means that nothing at all can be graded."""
        ...

    def close(self) -> None:
        """End all that runs, at once."""
        ...


class LocalWorkers:
    """Threads of this process; the work is done by the processes of their executor.

    Args:
        executor: runs the cells; it is closed with the workers.
        size: number of threads.
        limits: for a trial cell, which is run before the first job.
    """

    def __init__(self, executor: Executor, size: int, limits: Limits) -> None:
        self.size = size
        self._executor, self._limits = executor, limits
        self._threads = ThreadPoolExecutor(size)
        self._checked: Future[None] | None = None
        self._stopped = False

    def submit(self, job: Job, source: NotebookNode) -> Future[Record]:
        """See :class:`Workers`."""
        if self._checked is None:
            self._checked = self._threads.submit(check, self._executor, self._limits)
        return self._threads.submit(self._grade, job, source, self._checked)

    def _grade(self, job: Job, source: NotebookNode, checked: Future[None]) -> Record:
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
