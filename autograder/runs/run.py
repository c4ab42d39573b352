"""Grade a class: several submissions at a time, one record after the other to the journal and gradebook."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Protocol

from autograder.judge.executor import Limits
from autograder.notebooks.course import CourseError, Lecture, read_source, source_digest
from autograder.runs.interrupt import Interrupt
from autograder.runs.job import Job
from autograder.runs.journal import Journal
from autograder.runs.outcome import Outcome
from autograder.runs.progress import Progress
from autograder.runs.workers import Workers
from autograder.submission.grading import record_key
from autograder.submission.record import Record
from autograder.submission.submission import read_submission

SEEDS = 2**31
AHEAD = 2  # jobs submitted per job that can run, so that no worker waits for this process


class Filer(Protocol):
    """A destination of records: :class:`autograder.gradebook.filing.Filing`."""

    def is_filed(self, record: Record) -> bool:
        """Return whether exactly this record has been filed and is current."""
        ...

    def file(self, record: Record) -> object:
        """Enter a record; raises :class:`CourseError` if that fails."""
        ...


@dataclass(frozen=True)
class Settings:
    """Settings of a run.

    Attributes:
        limits: the resources that a submission may use.
        seed: the seed of the inputs that the checks draw; None for a new seed per submission.
        regrade: whether to grade unchanged submissions again.
    """

    limits: Limits
    seed: int | None = None
    regrade: bool = False


def handed_in(lecture: Lecture) -> list[str]:
    """Return the names of the students whose folder under ``submitted/`` has an entry for this lecture."""
    folder = lecture.course / "submitted"
    if not folder.is_dir():
        return []
    students = sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith("."))
    return [name for name in students if os.path.lexists(folder / name / lecture.folder)]


class ClassRun:
    """The grading of one lecture's class, or of some students in it.

    Memory does not grow with the class: a submission is read when a worker is free, and only the :class:`Outcome` of a
    filed record is kept.

    Args:
        lecture: the lecture, whose source contains the tests.
        workers: the workers that grade.
        journal: the journal, entered by the caller, so that no other process writes in it.
        filer: the destination of the records.
        settings: the settings of the run.
        interrupt: the context that notes signals to stop.

    Raises:
        CourseError: if the source cannot be read.
    """

    def __init__(
        self,
        lecture: Lecture,
        workers: Workers,
        journal: Journal,
        filer: Filer,
        settings: Settings,
        interrupt: Interrupt,
    ) -> None:
        self.lecture, self.workers, self.journal, self.filer = lecture, workers, journal, filer
        self.settings, self.interrupt = settings, interrupt
        self.outcomes: list[Outcome] = []
        self.source = read_source(lecture)
        self._source_digest = source_digest(lecture)
        self._places = journal.places()
        self._draw = random.SystemRandom()

    def run(self, students: Iterable[str], progress: Progress) -> None:
        """Grade these students' submissions and append the results to ``outcomes``.

        Raises:
            Interrupted: if the run was asked to stop.
            CourseError: if the journal cannot be written, or the cluster is lost.
            ExecutorError: if no cell can be run.
        """
        self.progress = progress
        finished: SimpleQueue[Future[Record] | None] = SimpleQueue()
        self.interrupt.wake = lambda: finished.put(None)
        jobs = self._changed(students)
        outstanding = self._hand_out(jobs, 0, finished)
        while outstanding:
            future = self._next(finished)
            # First, so that no worker waits while this process files a record.
            outstanding = self._hand_out(jobs, outstanding - 1, finished)
            self._keep(future.result())

    def _hand_out(self, jobs: Iterator[Job], outstanding: int, finished: SimpleQueue) -> int:
        """Submit as many jobs as the workers can use; return the number of outstanding jobs."""
        while outstanding < AHEAD * self.workers.size and (job := next(jobs, None)) is not None:
            self.workers.submit(job, self.source).add_done_callback(finished.put)
            outstanding += 1
        return outstanding

    def _next(self, finished: SimpleQueue[Future[Record] | None]) -> Future[Record]:
        while True:
            self.interrupt.check()
            try:
                future = finished.get(timeout=1.0)
            except Empty:
                self.progress.refresh()
                continue
            if future is not None:
                return future

    def _changed(self, students: Iterable[str]) -> Iterator[Job]:
        """Read submissions one by one; yield those to grade, and file the others immediately."""
        for student in students:
            self.interrupt.check()
            folder = self.lecture.course / "submitted" / student / self.lecture.folder
            submission = read_submission(folder, self.source, self.lecture, student)
            key = record_key(self._source_digest, submission, self.settings.limits)
            if self._is_known(student, key):
                self._done(self.journal.read(self._places[student]), unchanged=True)
                continue
            seed = self._draw.randrange(SEEDS) if self.settings.seed is None else self.settings.seed
            yield Job(self.lecture.folder, submission, key, seed, self.settings.limits)

    def _is_known(self, student: str, key: str) -> bool:
        place = self._places.get(student)
        if place is None or self.settings.regrade or place.key != key:
            return False
        return self.settings.seed in (None, place.seed)

    def _keep(self, record: Record) -> None:
        self.journal.append(record)
        self._done(record, unchanged=False)

    def _done(self, record: Record, *, unchanged: bool) -> None:
        not_filed = ""
        try:
            if not (unchanged and self.filer.is_filed(record)):
                self.filer.file(record)
        except CourseError as error:
            not_filed = str(error)
        outcome = Outcome.of(record, unchanged=unchanged, not_filed=not_filed)
        self.outcomes.append(outcome)
        self.progress.add(failed=outcome.failed, unchanged=unchanged)
