"""Grading on an existing Dask cluster: one task per submission; only this process writes the results.

The machines need the same version of this package, and a sandbox. If a worker dies, the others get its tasks. The
scheduler's setting ``distributed.scheduler.allowed-failures`` limits how often a task may lose its worker.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import asdict
from queue import SimpleQueue
from time import monotonic
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.judge.executor import ExecutorError, Limits
from autograder.notebooks.course import CourseError
from autograder.runs.job import Job, not_graded
from autograder.submission.record import Record
from autograder.submission.version import grader_version

CONNECT_SECONDS = 20.0  # time for an existing scheduler on a busy machine to answer
CHECK_SECONDS = 300.0  # time for a worker to appear, import torch and start a judge on a busy machine


class DaskWorkers:
    """The workers of a cluster; see :class:`autograder.runs.workers.Workers`.

    Args:
        url: the scheduler's address, for example ``tcp://scheduler:8786``.
        trust_submissions: whether the workers run without a sandbox.
        limits: the resources that a submission may use.
        check_seconds: time to wait for the first worker, and then for all workers to report that they can grade.
        say: a function that prints a sentence, for example on a wait for workers.

    Raises:
        CourseError: if Dask is not installed, if the scheduler does not answer, or if a worker is missing or cannot
            grade.
    """

    def __init__(
        self,
        url: str,
        *,
        trust_submissions: bool,
        limits: Limits,
        check_seconds: float = CHECK_SECONDS,
        say: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self.url, self._trusted, self._say = url, trust_submissions, say
        self._client = _connect(url)
        self._sources: dict[int, tuple[NotebookNode, Any]] = {}
        self._size, self._counted = 0, float("-inf")
        self._ended: SimpleQueue[tuple[Future[Record], Job, Any]] = SimpleQueue()
        # Dask's thread for callbacks would wait forever for a result after the client is closed.
        threading.Thread(target=self._settle_all, daemon=True).start()
        try:
            self._check_all(limits, check_seconds)
        except OSError:
            self.close()
            raise self._lost() from None
        except BaseException:
            self.close()
            raise

    @property
    def size(self) -> int:
        """The number of threads of all current workers."""
        if monotonic() - self._counted > 1.0:
            with suppress(OSError):  # the scheduler is lost, which the tasks will report
                self._size = sum(self._client.nthreads().values())
            self._counted = monotonic()
        return max(self._size, 1)

    def begin(self) -> None:
        """See :class:`autograder.runs.workers.Workers`; running workers need no preparation."""

    def submit(self, job: Job, source: NotebookNode) -> Future[Record]:
        """See :class:`autograder.runs.workers.Workers`."""
        from autograder.runs.dask_worker import grade_remotely

        answer: Future[Record] = Future()
        task = self._client.submit(
            grade_remotely, job, self._sent(source), grader_version(), self._trusted, pure=False
        )
        task.add_done_callback(lambda task: self._ended.put((answer, job, task)))
        return answer

    def close(self) -> None:
        """Leave the cluster, which drops pending tasks; running tasks end within their limits."""
        with suppress(TimeoutError):  # it does not matter if the scheduler does not answer
            self._client.close(timeout=1)

    def __enter__(self) -> DaskWorkers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _sent(self, source: NotebookNode) -> Any:
        """Return the source as a separate task: sent once, and computed again if its worker dies."""
        if id(source) not in self._sources:
            text = self._client.submit(str, nbformat.writes(source), pure=False)
            self._sources[id(source)] = (source, text)
        return self._sources[id(source)][1]

    def _settle_all(self) -> None:
        while True:
            self._settle(*self._ended.get())

    def _settle(self, answer: Future[Record], job: Job, task: Any) -> None:
        from distributed import KilledWorker

        try:
            answer.set_result(Record.from_json(task.result()))
        except KilledWorker as killed:
            deaths = killed.allowed_failures + 1
            died = "its worker died" if deaths == 1 else f"its worker died {deaths} times"
            answer.set_result(not_graded(job, died))
        except (CourseError, ExecutorError) as error:
            answer.set_exception(error)
        except BaseException as error:
            if task.cancelled() or self._client.status != "running":
                answer.set_exception(self._lost())
            else:
                answer.set_exception(CourseError(f"the Dask cluster failed to run a task: {_named(error)}"))

    def _lost(self) -> CourseError:
        return CourseError(f"the connection to the Dask scheduler at {self.url} was lost")

    def _check_all(self, limits: Limits, seconds: float) -> None:
        """Make each worker test that it can grade, which also makes an adaptive cluster start a worker."""
        from distributed import wait

        greet, to_know = _greeting(), (grader_version(), self._trusted, asdict(limits))
        first = self._client.submit(greet, *to_know, pure=False)
        if not self._client.nthreads():
            self._say(f"the Dask cluster at {self.url} has no worker yet; waiting {seconds:g} s for one")
        with suppress(TimeoutError):
            wait(first, timeout=seconds)
        workers = list(self._client.nthreads())
        if not first.done():
            problem = (
                "does not answer" if workers else f"has no worker; start some with `dask worker {self.url}`"
            )
            raise CourseError(f"the Dask cluster at {self.url} {problem}")
        greetings = {
            worker: self._client.submit(greet, *to_know, workers=[worker], pure=False) for worker in workers
        }
        with suppress(TimeoutError):  # the scheduler handles workers that do not answer
            wait(list(greetings.values()), timeout=seconds)
        for worker, greeting in greetings.items():
            reason = greeting.result() if greeting.status == "finished" else ""
            if greeting.status == "error":
                reason = _named(greeting.exception())
            if reason:
                raise CourseError(f"the Dask worker {worker} cannot grade: {reason}")


def _connect(url: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise CourseError("--dask needs Dask, which is not installed: pip install distributed") from None
    for logger in ("distributed", "distributed.client"):  # this module reports what matters
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    try:
        return _in_time(lambda: Client(url, timeout=CONNECT_SECONDS), CONNECT_SECONDS + 1)
    except OSError:
        reason = "there is no answer"
    except (ValueError, ImportError) as error:  # an invalid address, or a different version of Dask
        reason = str(error)
    except Exception as error:  # another program's answer can raise any exception
        reason = f"another program answers ({type(error).__name__})"
    raise CourseError(
        f"no Dask scheduler answers at {url}: {reason}; start one with `dask scheduler`, which prints its address"
    )


def _in_time(make: Callable[[], Any], seconds: float) -> Any:
    """Return the result of ``make``; raise :class:`TimeoutError` if it waits longer than this."""
    answer: Future[Any] = Future()

    def work() -> None:
        try:
            answer.set_result(make())
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    return answer.result(timeout=seconds)


def _greeting() -> Callable[[str, bool, dict[str, Any]], str]:
    def greet(version: str, trust_submissions: bool, limits: dict[str, Any]) -> str:
        """Return the reason why this worker cannot grade, or an empty text.

        It is sent as code, because the worker may not have this package.
        """
        try:
            from autograder.runs.dask_worker import unfit
        except ImportError as error:
            return f"the course's package is not installed there ({error})"
        return unfit(version, trust_submissions, limits)

    return greet


def _named(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
