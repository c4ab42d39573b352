"""One submission to be graded, wherever that happens: in a thread of this process or on a machine of a cluster."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass

from nbformat import NotebookNode

from autograder.judge.executor import Cell, Executor, ExecutorError, Limits
from autograder.submission.grading import grade_submission
from autograder.submission.record import Record
from autograder.submission.submission import Submission

ATTEMPTS = 2


@dataclass(frozen=True)
class Job:
    """A submission and all that its grade depends on but the source: plain data, which may travel."""

    lecture: str
    submission: Submission
    key: str
    seed: int
    limits: Limits


def check(executor: Executor, limits: Limits) -> None:
    """Run an empty cell, so that an executor which can run nothing says so before a class is given to it.

    Raises:
        ExecutorError: with its reason.
    """
    executor.run([Cell("nothing", "", "setup")], limits)


def grade_job(
    job: Job, source: NotebookNode, executor: Executor, stopped: Callable[[], bool] = lambda: False
) -> Record:
    """Grade a submission; if its worker dies, once more; whatever happens, there is a record of it.

    Args:
        job: what to grade.
        source: the lecture's complete notebook.
        executor: runs the cells.
        stopped: tells whether the whole run has been stopped, so that its worker died of that.

    Raises:
        ExecutorError: if the run has been stopped.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return grade_submission(
                source,
                job.submission,
                executor,
                lecture=job.lecture,
                seed=job.seed,
                limits=job.limits,
                key=job.key,
            )
        except ExecutorError as error:
            if stopped():
                raise
            reason = f"{error} (tried {attempt} times)"
        except Exception as error:  # a defect of the grader, which must not cost others their grades
            where = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{where.name}, line {where.lineno}"
            reason = f"the grader failed with {type(error).__name__}: {error} ({place})"
            break
    return not_graded(job, reason)


def not_graded(job: Job, reason: str) -> Record:
    """Return the record of a submission that could not be graded through no fault that is known of its own.

    It has no key, so that the next run tries again.
    """
    return Record(
        job.submission.student,
        job.lecture,
        seed=job.seed,
        remarks=job.submission.remarks,
        failure=f"could not be graded: {reason}",
    )
