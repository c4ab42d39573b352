"""The journal of a lecture's grading: one record per line, written as soon as it exists.

It lets an interrupted run resume where it stopped, and all pages and reports are made from it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

import filelock

from autograder.notebooks.course import CourseError, Lecture
from autograder.submission.record import Record

FOLDER = ".grading"
CHUNK = 1 << 16


@dataclass(frozen=True)
class JournalEntry:
    """A student's record in the journal: its offset, and the key and seed that show whether it is current."""

    key: str
    seed: int
    offset: int


class Journal:
    """The records of one lecture, oldest first; a student's last record counts.

    Reading needs no lock and is possible during a run. Writing needs the lock: ``with journal:`` keeps others from
    writing until its end, and a single :meth:`append` for one line.

    Args:
        path: the file; it and its folder are created when the first record is written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = filelock.FileLock(path.with_name(path.name + ".lock"), timeout=0)
        self._file: FileIO | None = None
        self._warned = False

    @classmethod
    def of(cls, lecture: Lecture) -> Journal:
        """Return the journal of a lecture: ``COURSE/.grading/LECTURE.jsonl``."""
        return cls(lecture.course / FOLDER / f"{lecture.folder}.jsonl")

    def __enter__(self) -> Journal:
        """Lock the journal, and cut off a line that a killed run left half written.

        Raises:
            CourseError: if another run is writing here, or if the file cannot be written.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except filelock.Timeout:
            raise CourseError(
                f"another run is grading {self.path.stem} (it holds {self._lock.lock_file}); "
                "wait until it has ended, or stop it"
            ) from None
        except OSError as error:
            raise self._unusable(error) from None
        try:
            self._file = self.path.open("a+b", buffering=0)  # unbuffered: nothing is left to write on closing
            _cut_unfinished_line(self._file)
        except OSError as error:
            self._close()
            raise self._unusable(error) from None
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def append(self, record: Record) -> None:
        """Write a record to the disk before returning.

        Raises:
            CourseError: if another run is writing here, or if the record cannot be written.
        """
        if self._file is None:
            with self:
                return self.append(record)
        try:
            left = memoryview(record.to_json().encode() + b"\n")
            while left:
                left = left[self._file.write(left) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._unusable(error) from None

    def latest(self) -> dict[str, Record]:
        """Return the last record of each student, in the order in which students were first graded.

        A line that is not a record is skipped, with one warning in the log.

        Raises:
            CourseError: if the journal exists but cannot be read.
        """
        return {record.student: record for _, record in self._records()}

    def places(self) -> dict[str, JournalEntry]:
        """Return the place of each student's last record, which needs little memory even for large classes."""
        return {record.student: JournalEntry(record.key, record.seed, at) for at, record in self._records()}

    def read(self, place: JournalEntry) -> Record:
        """Return the record at one of the :meth:`places`."""
        try:
            with self.path.open("rb") as file:
                file.seek(place.offset)
                return Record.from_json(file.readline().decode())
        except OSError as error:
            raise self._unusable(error) from None

    def _records(self) -> Iterator[tuple[int, Record]]:
        try:
            with self.path.open("rb") as file:
                offset, garbage = 0, []
                for number, line in enumerate(file, start=1):
                    try:
                        yield offset, Record.from_json(line.decode())
                    except (ValueError, RecursionError):
                        garbage.append(number)
                    offset += len(line)
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._unusable(error) from None
        self._warn(garbage)

    def _warn(self, garbage: list[int]) -> None:
        if garbage and not self._warned:
            self._warned = True
            lines = "line" if len(garbage) == 1 else "lines"
            listed = ", ".join(map(str, garbage[:5])) + (", …" if len(garbage) > 5 else "")
            logging.getLogger(__name__).warning(
                "%s: %s %s skipped: not a record of a graded submission", self.path, lines, listed
            )

    def _unusable(self, error: OSError) -> CourseError:
        return CourseError(f"the journal {self.path} cannot be used: {error.strerror or error}")

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        self._lock.release()


def _cut_unfinished_line(file: FileIO) -> None:
    """Cut off everything after the last line break."""
    end = file.seek(0, os.SEEK_END)
    kept = end
    while kept > 0:
        start = max(kept - CHUNK, 0)
        file.seek(start)
        newline = file.read(kept - start).rfind(b"\n")
        if newline >= 0:
            kept = start + newline + 1
            break
        kept = start
    if kept < end:
        file.truncate(kept)
