"""Grading on an existing Dask cluster: a task is one submission; this process alone writes what comes of it.

The machines need this package, of the same version, and what its executor needs (a sandbox). A worker that
dies gives its tasks to the others; how often a task may lose its worker is the scheduler's setting
``distributed.scheduler.allowed-failures``.
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

CONNECT_SECONDS = 20.0  # for a scheduler that is there, on a busy machine, to answer
CHECK_SECONDS = 300.0  # for a worker to be there, and to import torch and start a judge on a busy machine


class DaskWorkers:
    """The workers of a cluster; see :class:`autograder.runs.workers.Workers`.

    Args:
        url: the scheduler's address, for example ``tcp://scheduler:8786``.
        trust_submissions: whether the workers do without a sandbox.
        limits: what a submission may use.
        check_seconds: how long to wait for a first worker, and for all of them to say that they are fit.
        say: told, in a sentence, what there is to wait for.

    Raises:
        CourseError: if Dask is not installed, the scheduler or its workers are not there, or are not fit.
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
        # Dask's own thread for callbacks would wait for ever for a result when the client is closed.
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
        """Threads of all workers that there are now."""
        if monotonic() - self._counted > 1.0:
            with suppress(OSError):  # the scheduler is lost, which the tasks will tell
                self._size = sum(self._client.nthreads().values())
            self._counted = monotonic()
        return max(self._size, 1)

    def begin(self) -> None:
        """See :class:`autograder.runs.workers.Workers`; what runs already needs nothing."""

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
        """Leave the cluster. It drops what is still to do; what runs there ends within its limits."""
        with suppress(TimeoutError):  # the scheduler does not answer, and need not
            self._client.close(timeout=1)

    def __enter__(self) -> DaskWorkers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _sent(self, source: NotebookNode) -> Any:
        """Return the source as a task of its own: sent once, and made anew where a worker takes it along."""
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
        """Have each worker try out that it can grade; also what makes an adaptive cluster start one."""
        from distributed import wait

        greet, to_know = _greeting(), (grader_version(), self._trusted, asdict(limits))
        first = self._client.submit(greet, *to_know, pure=False)
        if not self._client.nthreads():
            self._say(f"the Dask cluster at {self.url} has no worker yet; waiting {seconds:g} s for one")
        with suppress(TimeoutError):
            wait(first, timeout=seconds)
        workers = list(self._client.nthreads())
        if not first.done():
            lacks = (
                "does not answer" if workers else f"has no worker; start some with `dask worker {self.url}`"
            )
            raise CourseError(f"the Dask cluster at {self.url} {lacks}")
        greetings = {
            worker: self._client.submit(greet, *to_know, workers=[worker], pure=False) for worker in workers
        }
        with suppress(TimeoutError):  # of those that do not answer, the scheduler takes care
            wait(list(greetings.values()), timeout=seconds)
        for worker, greeting in greetings.items():
            said = greeting.result() if greeting.status == "finished" else ""
            if greeting.status == "error":
                said = _named(greeting.exception())
            if said:
                raise CourseError(f"the Dask worker {worker} cannot grade: {said}")


def _connect(url: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise CourseError("--dask needs Dask, which is not installed: pip install distributed") from None
    for logger in ("distributed", "distributed.client"):  # what matters is said in our words
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    try:
        return _in_time(lambda: Client(url, timeout=CONNECT_SECONDS), CONNECT_SECONDS + 1)
    except OSError:
        reason = "nothing answers there"
    except (ValueError, ImportError) as error:  # no address, or another version of Dask
        reason = str(error)
    except Exception as error:  # another program's answer, taken for Dask's, leads to anything
        reason = f"what answers there is something else ({type(error).__name__})"
    raise CourseError(
        f"there is no Dask scheduler at {url}: {reason}; `dask scheduler` starts one and prints its address"
    )


def _in_time(make: Callable[[], Any], seconds: float) -> Any:
    """Return what this makes; raise :class:`TimeoutError` where it goes on waiting beyond its own time limit."""
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
        """Return why this worker cannot grade, or nothing. Sent as code, since it may have no other."""
        try:
            from autograder.runs.dask_worker import unfit
        except ImportError as error:
            return f"the course's package is not installed there ({error})"
        return unfit(version, trust_submissions, limits)

    return greet


def _named(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
