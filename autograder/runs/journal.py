"""The journal of a lecture's grading: one record a line, written as soon as it is there.

It lets a run that was interrupted go on where it stopped, and everything that comes out is made from it.
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
    """Where in the journal a student's record begins, and what tells whether it still holds."""

    key: str
    seed: int
    offset: int


class Journal:
    """Records of one lecture, oldest first; the last one of a student counts.

    Reading needs no permission and may go on beside a run. Writing needs the journal to itself: ``with journal:``
    keeps others from writing until its end, and a lone :meth:`append` does so for its one line.

    Args:
        path: the file; it and its folder are made when the first record is written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = filelock.FileLock(path.with_name(path.name + ".lock"), timeout=0)
        self._file: FileIO | None = None
        self._said = False

    @classmethod
    def of(cls, lecture: Lecture) -> Journal:
        """Return the journal of a lecture: ``COURSE/.grading/LECTURE.jsonl``."""
        return cls(lecture.course / FOLDER / f"{lecture.folder}.jsonl")

    def __enter__(self) -> Journal:
        """Keep other writers away, and cut off a line that a killed run left half-written.

        Raises:
            CourseError: if another run writes here, or if the file cannot be written.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except filelock.Timeout:
            raise CourseError(
                f"another run is grading {self.path.stem} (it holds {self._lock.lock_file}); "
                "wait until it has ended, or end it"
            ) from None
        except OSError as error:
            raise self._unusable(error) from None
        try:
            self._file = self.path.open("a+b", buffering=0)  # so that nothing is left to write when it closes
            _cut_unfinished_line(self._file)
        except OSError as error:
            self._close()
            raise self._unusable(error) from None
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def append(self, record: Record) -> None:
        """Write a record; when this returns, it is on the disk.

        Raises:
            CourseError: if another run writes here, or if it cannot be written.
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

        A line that is no record is passed over, with one warning in the log.

        Raises:
            CourseError: if there is a journal that cannot be read.
        """
        return {record.student: record for _, record in self._records()}

    def places(self) -> dict[str, JournalEntry]:
        """Return where each student's last record is. Of a class of any size this takes little memory."""
        return {record.student: JournalEntry(record.key, record.seed, at) for at, record in self._records()}

    def read(self, place: JournalEntry) -> Record:
        """Return the record at one of :meth:`places`."""
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
        self._say(garbage)

    def _say(self, garbage: list[int]) -> None:
        if garbage and not self._said:
            self._said = True
            lines = "line" if len(garbage) == 1 else "lines"
            listed = ", ".join(map(str, garbage[:5])) + (", …" if len(garbage) > 5 else "")
            logging.getLogger(__name__).warning(
                "%s: %s %s passed over: not a record of a graded submission", self.path, lines, listed
            )

    def _unusable(self, error: OSError) -> CourseError:
        return CourseError(f"the journal {self.path} cannot be used: {error.strerror or error}")

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        self._lock.release()


def _cut_unfinished_line(file: FileIO) -> None:
    """Cut off what follows the last line's end."""
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
