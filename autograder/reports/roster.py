"""A list of students exported from Canvas or Moodle, which maps a submission's folder to a person."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograder.intake.owners import student_id
from autograder.notebooks.course import CourseError

OWN = "student"  # the column with the names of folders, if the table has it
# Columns by which Canvas and Moodle identify people.
COLUMNS = (
    "SIS Login ID",
    "Username",
    "ID number",
    "SIS User ID",
    "Identifier",
    "ID",
    "Email address",
    "Full name",
    "Student",
)
MOST_BYTES = 20 << 20


@dataclass(frozen=True)
class Roster:
    """The rows of a table of students.

    Attributes:
        header: the names of the columns.
        rows: the rows, each by column name.
    """

    header: list[str]
    rows: list[dict[str, str]]
    _found: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for number, row in enumerate(self.rows):
            names = [row[OWN]] if OWN in self.header else _names(row)
            for name in {student_id(name).casefold() for name in names} - {""}:
                self._found[name].append(number)

    def find(self, student: str) -> dict[str, str] | None:
        """Return the row of the person that a folder's name identifies; None if it fits no row, or several."""
        matches = self._found.get(student_id(student).casefold(), [])
        return self.rows[matches[0]] if len(matches) == 1 else None

    def unknown(self, students: Sequence[str]) -> tuple[str, ...]:
        """Return the students who fit no row, several rows, or the same row as another of these students."""
        rows = {student: self.find(student) for student in students}
        taken = Counter(id(row) for row in rows.values())
        return tuple(student for student, row in rows.items() if row is None or taken[id(row)] > 1)


def read_roster(path: Path) -> Roster:
    """Read a CSV file with a header: an export of Canvas or Moodle, or a table with a column ``student``.

    Raises:
        CourseError: if the file cannot be read, is larger than 20 MiB, or has no column that identifies students.
    """
    try:
        content = path.read_bytes()
        if len(content) > MOST_BYTES:
            raise CourseError(
                f"the roster {path} must have at most {MOST_BYTES >> 20} MiB, got {len(content) / (1 << 20):.0f} MiB"
            )
        text = content.decode("utf-8-sig")
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True))
    except OSError as error:
        raise CourseError(f"the roster {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CourseError(f"the roster {path} must be encoded in UTF-8; save it as CSV UTF-8") from None
    except csv.Error as error:
        raise CourseError(f"the roster {path} is not a CSV file: {error}") from None
    header = [name.strip() for name in lines[0]] if lines else []
    if not {OWN, *COLUMNS} & set(header):
        raise CourseError(
            f"the roster {path} has no column that identifies students: "
            f"it must have {OWN!r}, the names of the submissions' folders, or one of {', '.join(COLUMNS)}"
        )
    width = len(header)
    rows = [dict(zip(header, [*row, *[""] * width][:width], strict=True)) for row in lines[1:] if any(row)]
    return Roster(header, rows)


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def _names(row: dict[str, str]) -> Iterator[str]:
    """Yield the possible names of this person's folder: chosen by hand, or from files of Canvas or Moodle."""
    for column in COLUMNS:
        text = row.get(column, "")
        yield text
        if "@" in text:
            yield text.partition("@")[0]
    number = re.search(r"\d*$", row.get("Identifier") or row.get("ID", ""))[0]
    yield number
    for name in (row.get("Full name", ""), row.get("Student", "")):
        last, comma, first = name.partition(",")
        yield f"{first.strip()} {last}" if comma else name
        if name and number:
            yield f"{name}_{number}"
            yield f"{''.join(filter(str.isalnum, name))}_{number}"  # Canvas: lovelaceada_101
