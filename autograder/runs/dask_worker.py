"""Grading on a worker of a Dask cluster, by an executor that all tasks of the process share."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import nbformat
from distributed import get_worker
from nbformat import NotebookNode

from autograder.judge.executor import Executor, ExecutorError, Limits
from autograder.judge.pool import JudgePool
from autograder.notebooks.course import CourseError
from autograder.runs.job import Job, check, grade_job
from autograder.submission.version import grader_version

IDLE_SECONDS = 60.0  # an idle worker frees its memory after this time


def unfit(version: str, trust_submissions: bool, limits: dict[str, Any]) -> str:
    """Return the reason why this worker cannot grade as the client would, or an empty text."""
    if grader_version() != version:
        return "its version of the grader differs from the client's; install the same version on both"
    try:
        with _executor(trust_submissions) as executor:
            check(executor, Limits(**limits))
    except ExecutorError as error:
        return str(error)
    return ""


def grade_remotely(job: Job, source: str, version: str, trust_submissions: bool) -> str:
    """Grade a submission and return the record's JSON.

    Raises:
        CourseError: if this worker's version of the grader is not the client's.
        ExecutorError: if it cannot run cells at all.
    """
    if grader_version() != version:
        raise CourseError(f"the Dask worker {get_worker().address} has a different version of the grader")
    with _executor(trust_submissions) as executor:
        return grade_job(job, _notebook(source), executor).to_json()


@lru_cache(maxsize=4)
def _notebook(text: str) -> NotebookNode:
    return nbformat.reads(text, as_version=nbformat.NO_CONVERT)


class _Shared:
    """An executor that all threads of this worker share; it is closed when it has been idle for a while."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._executor: Executor | None = None
        self._users = 0
        self._timer: threading.Timer | None = None

    def acquire(self, make: Callable[[], Executor]) -> Executor:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            if self._executor is None:
                self._executor = make()
            self._users += 1
            return self._executor

    def release(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._timer = threading.Timer(IDLE_SECONDS, self.close)
                self._timer.daemon = True
                self._timer.start()

    def close(self) -> None:
        with self._lock:
            if self._executor is not None and self._users == 0:
                self._executor.close()
                self._executor = None


_shared: dict[bool, _Shared] = {}
_shared_lock = threading.Lock()


@contextmanager
def _executor(trust_submissions: bool) -> Iterator[Executor]:
    with _shared_lock:
        if trust_submissions not in _shared:
            _shared[trust_submissions] = _Shared()
            atexit.register(_shared[trust_submissions].close)
        shared = _shared[trust_submissions]
    jobs = get_worker().state.nthreads
    executor = shared.acquire(lambda: JudgePool(jobs, trust_submissions=trust_submissions))
    try:
        yield executor
    finally:
        shared.release()
