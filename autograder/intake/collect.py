"""Collect submissions from Canvas, Moodle or a folder into ``submitted/STUDENT/LECTURE/NAME.ipynb``."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from nbgrader.utils import parse_utc

from autograder.intake.archives import Archives, Entry
from autograder.intake.owners import Owned, ends_with, is_named, owners
from autograder.intake.submitted import CollectOutcome, place
from autograder.notebooks.course import Course, CourseError, Lecture
from autograder.submission.files import TIMESTAMP, parse
from autograder.submission.refusal import Refused, listed, shown
from autograder.tables import table

SAME_MOMENT = timedelta(minutes=1)


@dataclass(frozen=True)
class Collected:
    """One student's submission, or a file that could not be assigned to a student.

    Attributes:
        student: the name of the student's folder, or the shortened path of an unassigned file.
        outcome: the outcome of collecting it.
        notes: reasons why it was not collected, and other remarks.
        handed_in: the time of handing in, in UTC, if the archive contains it.
    """

    student: str
    outcome: CollectOutcome
    notes: tuple[str, ...] = ()
    handed_in: datetime | None = None


def collect(
    course: Course, path: Path, lecture: Lecture | None = None, *, force: bool = False
) -> list[Collected]:
    """Copy each student's notebook of a lecture to the course's ``submitted`` folder.

    A student's submission is stored completely or not at all.

    Args:
        course: the course with the ``submitted`` folder.
        path: a folder or a zip archive.
        lecture: the lecture that was handed in; if None, it is read from the file names.
        force: whether to replace a different submission.

    Raises:
        CourseError: if the folder or archive cannot be read, contains no notebook of the lecture, or if its file names
            do not identify one lecture.
    """
    with Archives() as archives:
        entries = archives.entries(path)
        lecture = lecture or _lecture_of(entries, course, path)
        others = [one for one in course.lectures() if one != lecture]
        folders = {one.folder for one in others}
        files = owners(entries, path.stem, lecture.name, {lecture.folder, *folders})
        files = [owned for owned in files if folders.isdisjoint(owned.entry.parts)]
        if not any(_is_notebook(owned) for owned in files):
            raise CourseError(f"{path} contains no notebook of {lecture.folder}")
        timed = _are_submission_times([owned for owned in files if _is_notebook(owned)])
        by_student = defaultdict(list)
        for owned in files:
            by_student[owned.student].append(owned)
        unassigned = by_student.pop("", [])
        done = [
            _Submission(student, by_student[student], lecture, others, timed).put(course.root, force)
            for student in sorted(by_student)
        ]
    return [*done, *_not_collected(unassigned)]


def _lecture_of(entries: Sequence[Entry], course: Course, path: Path) -> Lecture:
    """Return the only lecture whose name folders or notebooks have."""
    lectures = sorted(course.lectures(), key=lambda one: len(one.name))
    found = set()
    for entry in entries:
        found |= {one for one in lectures if one.folder in entry.parts}
        found |= {
            *[one for one in lectures if ends_with(entry.name, one.name)][-1:]
        }  # of the matches vae and my_vae, the longer one
    if len(found) == 1:
        return found.pop()
    several = listed(sorted(one.folder for one in found)) if found else ""
    problem = f"contains notebooks of {several}" if found else "contains no file named after a lecture"
    raise CourseError(f"{path} {problem}; name the lecture to collect")


def _is_notebook(owned: Owned) -> bool:
    return owned.name.lower().endswith(".ipynb")


def _are_submission_times(notebooks: Sequence[Owned]) -> bool:
    """Return whether the archive's times can be times of handing in, not only the time of making the archive."""
    times = [owned.entry.time for owned in notebooks if owned.entry.time is not None]
    if not times or any(owned.canvas for owned in notebooks):
        return False
    return len(notebooks) == 1 or max(times) - min(times) > SAME_MOMENT


def _not_collected(unassigned: Iterable[Owned]) -> Iterator[Collected]:
    for owned in unassigned:
        if owned.entry.problem or owned.raw or _is_notebook(owned):
            reason = "its path does not identify a student"
            if owned.raw:
                reason = f"the names of several students give the same folder name as {shown(owned.raw)}"
            yield Collected(
                shown("/".join(owned.entry.parts)), CollectOutcome.LEFT, (owned.entry.problem or reason,)
            )


def report(collected: Sequence[Collected]) -> str:
    """Return a table of all submissions with their outcomes, and the count of each outcome."""
    rows = [
        [
            one.student,
            one.outcome,
            f"{one.handed_in:%Y-%m-%d %H:%M} UTC" if one.handed_in else "",
            "; ".join(one.notes),
        ]
        for one in collected
    ]
    counts = Counter(one.outcome for one in collected)
    summary = ", ".join(f"{counts[outcome]} {outcome}" for outcome in CollectOutcome if counts[outcome])
    return f"{table(['student', 'result', 'handed in', 'notes'], rows)}\n{summary}"


def as_json(collected: Sequence[Collected]) -> str:
    """Return the same for scripts."""
    rows = [asdict(one) | {"handed_in": one.handed_in and one.handed_in.isoformat()} for one in collected]
    return json.dumps(rows, indent=1)


class _Submission:
    """The files of one student."""

    def __init__(
        self, student: str, files: Sequence[Owned], lecture: Lecture, others: Sequence[Lecture], timed: bool
    ) -> None:
        self.student, self.files, self.lecture, self.others, self.timed = (
            student,
            files,
            lecture,
            others,
            timed,
        )
        self.notes: list[str] = []

    def put(self, course: Path, force: bool) -> Collected:
        """Store the notebook that counts, if there is one, and return the outcome."""
        try:
            chosen = self._chosen()
            content = chosen.entry.read()
            if chosen.late:
                self.notes.append("late, according to Canvas")
            self.notes += _faults(content, self.lecture)
            time = self._stamp() or (chosen.entry.time if self.timed else None)
            folder = course / "submitted" / self.student / self.lecture.folder
            outcome = place(folder, f"{self.lecture.name}.ipynb", content, time, force)
        except Refused as refusal:
            return Collected(self.student, CollectOutcome.LEFT, (refusal.message, *self.notes))
        except OSError as error:
            reason = f"it cannot be stored: {error.strerror}"
            return Collected(self.student, CollectOutcome.LEFT, (reason, *self.notes))
        return Collected(self.student, outcome, tuple(self.notes), time)

    def _chosen(self) -> Owned:
        """Return the notebook that counts, of those that can be read."""
        problems = [
            f"{shown(owned.name)}: {owned.entry.problem}" for owned in self.files if owned.entry.problem
        ]
        books = [owned for owned in self.files if not owned.entry.problem and _is_notebook(owned)]
        foreign = [owned for owned in books if any(is_named(owned.name, one.name) for one in self.others)]
        books = [owned for owned in books if owned not in foreign]
        named = [owned for owned in books if is_named(owned.name, self.lecture.name)]
        if not books:
            names = listed([shown(owned.name) for owned in self.files])
            raise Refused(listed(problems) if problems else f"no notebook of this lecture, only {names}")
        self.notes += problems
        if not named and len(books) > 1:
            names = listed([shown(owned.name) for owned in books])
            raise Refused(f"several notebooks, {names}, but none is named {self.lecture.name}.ipynb")
        if not named:
            self.notes.append(f"was named {shown(books[0].name)}")
        newest = max(named or books, key=_age)
        if len(named) > 1:
            self.notes.append(f"{len(named)} attempts; the newest counts: {shown(newest.name)}")
        return newest

    def _stamp(self) -> datetime | None:
        """Return the time in nbgrader's timestamp file, if it is next to the notebook in nbgrader's layout."""
        for owned in self.files:
            *above, folder, name = ("", *owned.entry.parts)
            nested = any(part.lower().endswith(".zip") for part in above)
            if name == TIMESTAMP and folder == self.lecture.folder and not owned.number and not nested:
                # A file without a valid time is treated as missing.
                with suppress(Refused, ValueError, OverflowError):
                    text = owned.entry.read()[:100].decode()
                    return parse_utc(text.strip()).replace(tzinfo=UTC)
        return None


def _age(owned: Owned) -> tuple[int, float, str]:
    time = owned.entry.time
    return owned.upload, time.timestamp() if time else 0.0, owned.name


def _faults(content: bytes, lecture: Lecture) -> list[str]:
    try:
        parse(content, Path(f"{lecture.name}.ipynb"))
    except Refused as refusal:
        return [refusal.message]
    return []
