"""The grading of one submission, in a thread of this process or on a machine of a cluster."""

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
    """A submission and everything else that its grade depends on, except the source, as plain data."""

    lecture: str
    submission: Submission
    key: str
    seed: int
    limits: Limits


def check(executor: Executor, limits: Limits) -> None:
    """Run an empty cell, so that an executor that cannot run cells fails before it gets a class.

    Raises:
        ExecutorError: if the executor cannot run cells.
    """
    executor.run([Cell("nothing", "", "setup")], limits)


def grade_job(
    job: Job, source: NotebookNode, executor: Executor, stopped: Callable[[], bool] = lambda: False
) -> Record:
    """Grade a submission, a second time if its worker dies, and return its record even if grading fails.

    Args:
        job: the submission to grade.
        source: the lecture's complete notebook.
        executor: the executor that runs the cells.
        stopped: a function that returns whether the whole run has been stopped, which kills its workers.

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
        except Exception as error:  # a defect of the grader, which must not stop the others
            where = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{where.name}, line {where.lineno}"
            reason = f"the grader failed with {type(error).__name__}: {error} ({place})"
            break
    return not_graded(job, reason)


def not_graded(job: Job, reason: str) -> Record:
    """Return the record of a submission that could not be graded, without a known fault of the submission.

    It has no key, so the next run tries again.
    """
    return Record(
        job.submission.student,
        job.lecture,
        seed=job.seed,
        remarks=job.submission.remarks,
        failure=f"could not be graded: {reason}",
    )
