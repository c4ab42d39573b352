"""A list of students from another system, to find in it the person behind a submission's folder."""

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

OWN = "student"  # the column that names folders, where there is one
# Columns by which Canvas and Moodle know people, in the order in which they are asked.
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
        header: its columns.
        rows: its rows, by column.
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
        """Return the row of the one person who can be meant by a folder's name; None if it is nobody or several."""
        found = self._found.get(student_id(student).casefold(), [])
        return self.rows[found[0]] if len(found) == 1 else None

    def unknown(self, students: Sequence[str]) -> tuple[str, ...]:
        """Return those who are nobody in this roster, or several, or a person that another of them is too."""
        rows = {student: self.find(student) for student in students}
        taken = Counter(id(row) for row in rows.values())
        return tuple(student for student, row in rows.items() if row is None or taken[id(row)] > 1)


def read_roster(path: Path) -> Roster:
    """Read a CSV file with a header: one with a column ``student``, or one that Canvas or Moodle has exported.

    Raises:
        CourseError: if it cannot be read, or if none of its columns says who a student is.
    """
    try:
        content = path.read_bytes()
        if len(content) > MOST_BYTES:
            raise CourseError(f"the roster {path} is too large: {len(content) / 1e6:.0f} MB")
        text = content.decode("utf-8-sig")
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True))
    except OSError as error:
        raise CourseError(f"the roster {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CourseError(f"the roster {path} is not text in UTF-8; save it as CSV UTF-8") from None
    except csv.Error as error:
        raise CourseError(f"the roster {path} is not a CSV file: {error}") from None
    header = [name.strip() for name in lines[0]] if lines else []
    if not {OWN, *COLUMNS} & set(header):
        raise CourseError(
            f"the roster {path} has no column that says who a student is: "
            f"it needs {OWN!r}, the names of the submissions' folders, or one of {', '.join(COLUMNS)}"
        )
    width = len(header)
    rows = [dict(zip(header, [*row, *[""] * width][:width], strict=True)) for row in lines[1:] if any(row)]
    return Roster(header, rows)


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def _names(row: dict[str, str]) -> Iterator[str]:
    """How a folder of this person may be called: by hand, or after the files that Canvas and Moodle give out."""
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
