"""Puts what Canvas, Moodle or a person has gathered into ``submitted/STUDENT/LECTURE/NAME.ipynb``."""

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
    """One student's submission, or a file that is nobody's.

    Attributes:
        student: name of the folder; or, shortened, of the file that is nobody's.
        outcome: what became of it.
        notes: sentences: why not, or what is to be known.
        handed_in: when, in UTC, if the archive tells.
    """

    student: str
    outcome: CollectOutcome
    notes: tuple[str, ...] = ()
    handed_in: datetime | None = None


def collect(
    course: Course, path: Path, lecture: Lecture | None = None, *, force: bool = False
) -> list[Collected]:
    """Put each student's notebook of a lecture into the course's ``submitted`` folder; all of a student's or nothing.

    Args:
        course: whose ``submitted`` folder it is.
        path: a folder or a zip archive.
        lecture: which lecture was handed in; if None, the one that the files' names tell.
        force: whether to replace a different submission.

    Raises:
        CourseError: if the folder or archive cannot be read at all, holds no notebook, or does not tell the lecture.
    """
    with Archives() as archives:
        entries = archives.entries(path)
        lecture = lecture or _lecture_of(entries, course, path)
        others = [one for one in course.lectures() if one != lecture]
        folders = {one.folder for one in others}
        files = owners(entries, path.stem, lecture.name, {lecture.folder, *folders})
        files = [owned for owned in files if folders.isdisjoint(owned.entry.parts)]
        if not any(_is_notebook(owned) for owned in files):
            raise CourseError(f"{path} holds no notebook of {lecture.folder}")
        timed = _times_tell([owned for owned in files if _is_notebook(owned)])
        by_student = defaultdict(list)
        for owned in files:
            by_student[owned.student].append(owned)
        nobodys = by_student.pop("", [])
        done = [
            _Submission(student, by_student[student], lecture, others, timed).put(course.root, force)
            for student in sorted(by_student)
        ]
    return [*done, *_left(nobodys)]


def _lecture_of(entries: Sequence[Entry], course: Course, path: Path) -> Lecture:
    """Return the one lecture that folders or notebooks are named after."""
    lectures = sorted(course.lectures(), key=lambda one: len(one.name))
    found = set()
    for entry in entries:
        found |= {one for one in lectures if one.folder in entry.parts}
        found |= {
            *[one for one in lectures if ends_with(entry.name, one.name)][-1:]
        }  # of vae and my_vae the latter
    if len(found) == 1:
        return found.pop()
    several = listed(sorted(one.folder for one in found)) if found else ""
    tells = f"holds notebooks of {several}" if found else "does not tell which lecture it is of"
    raise CourseError(f"{path} {tells}; name the lecture to collect")


def _is_notebook(owned: Owned) -> bool:
    return owned.name.lower().endswith(".ipynb")


def _times_tell(notebooks: Sequence[Owned]) -> bool:
    """Whether the archive's times can be those of handing in, and not just that of making the archive."""
    times = [owned.entry.time for owned in notebooks if owned.entry.time is not None]
    if not times or any(owned.canvas for owned in notebooks):
        return False
    return len(notebooks) == 1 or max(times) - min(times) > SAME_MOMENT


def _left(nobodys: Iterable[Owned]) -> Iterator[Collected]:
    for owned in nobodys:
        if owned.entry.problem or owned.raw or _is_notebook(owned):
            reason = "its place and name do not tell which student's it is"
            if owned.raw:
                reason = f"several students' names give the same folder as {shown(owned.raw)}"
            yield Collected(
                shown("/".join(owned.entry.parts)), CollectOutcome.LEFT, (owned.entry.problem or reason,)
            )


def report(collected: Sequence[Collected]) -> str:
    """Return a table of what was collected and what was not, and the numbers of each."""
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
    said = ", ".join(f"{counts[outcome]} {outcome}" for outcome in CollectOutcome if counts[outcome])
    return f"{table(['student', 'result', 'handed in', 'notes'], rows)}\n{said}"


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
        """Store the notebook that counts, if there is one."""
        try:
            chosen = self._chosen()
            content = chosen.entry.read()
            if chosen.late:
                self.notes.append("late, says Canvas")
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
        """The one that counts of those that can be read."""
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
            raise Refused(f"several notebooks, {names}, and none is called {self.lecture.name}.ipynb")
        if not named:
            self.notes.append(f"was called {shown(books[0].name)}")
        newest = max(named or books, key=_age)
        if len(named) > 1:
            self.notes.append(f"{len(named)} attempts; {shown(newest.name)}, the newest, counts")
        return newest

    def _stamp(self) -> datetime | None:
        """The time in nbgrader's own file, where it stands beside the notebook in nbgrader's own layout."""
        for owned in self.files:
            *above, folder, name = ("", *owned.entry.parts)
            nested = any(part.lower().endswith(".zip") for part in above)
            if name == TIMESTAMP and folder == self.lecture.folder and not owned.number and not nested:
                with suppress(Refused, ValueError, OverflowError):  # no time: as if there were no file
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
