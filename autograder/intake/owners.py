"""Assign collected files to students by the names that Canvas, Moodle or a person gave to folders and files."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace

from autograder.intake.archives import Entry

CANVAS = re.compile(
    r"(?P<name>.+?)_(?P<late>LATE_)?(?P<number>\d+)_(?:(?P<upload>\d{1,18})_(?P<rest>.+)|(?:text|link)\.html)"
)
CANVAS_ANONYMOUS = re.compile(
    r"(?P<name>anon)_(?P<late>LATE_)?(?P<number>[A-Za-z0-9]{5})_(?:LATE_)?(?P<upload>\d{1,18})_(?P<rest>.+)"
)
MOODLE = re.compile(r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_(?:file|onlinetext)_?(?P<rest>.*)")
MOODLE_ANONYMOUS = "participant"
WRAPPERS = ("submissions", "submitted", "downloaded", "collected")
COPY = re.compile(r"(?:-\d+| ?\(\d+\)|[ _-]+copy\d*)+$", re.IGNORECASE)  # by Canvas, browsers, JupyterLab
LONGEST = 80  # characters of a folder's name
RESERVED = re.compile(
    r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE
)  # not allowed as file names on Windows


@dataclass(frozen=True)
class Owned:
    """A file and the student it belongs to.

    Attributes:
        entry: the file.
        student: the name of the student's folder; empty if the names do not identify the student.
        raw: the name that ``student`` was made from.
        number: the number by which Canvas or Moodle identifies the student.
        name: the file's name as the student gave it, if that is known.
        upload: Canvas's number of the upload; a later one is larger.
        late: whether Canvas marks it as late.
        canvas: whether it comes from Canvas.
    """

    entry: Entry
    student: str = ""
    raw: str = ""
    number: str = ""
    name: str = ""
    upload: int = 0
    late: bool = False
    canvas: bool = False


def owners(entries: Sequence[Entry], archive: str, notebook: str, lectures: Container[str]) -> list[Owned]:
    """Return each file with the student that it belongs to.

    All files are assumed to come from the same system, so a student cannot choose a file name that assigns the file to
    someone else.

    Args:
        entries: the files.
        archive: the name of the folder or archive that contains them, without its ending.
        notebook: the name of the lecture's notebook, without its ending.
        lectures: the names of the lectures' folders.
    """
    top = _folders_around([e.parts for e in entries if not e.problem], archive, notebook, lectures)
    firsts = {entry.parts[top] for entry in entries if len(entry.parts) > top}

    def mostly(pattern: re.Pattern[str]) -> bool:
        return 2 * sum(bool(pattern.fullmatch(first)) for first in firsts) > len(firsts)

    read: Callable[[Entry, int, str], Owned] = _plain
    if mostly(MOODLE):
        read = _moodle
    elif mostly(CANVAS) or mostly(CANVAS_ANONYMOUS):
        read = _canvas
    found = [read(e, top, notebook) if len(e.parts) > top else Owned(e, name=e.name) for e in entries]
    return _told_apart(found)


def _folders_around(
    paths: Sequence[tuple[str, ...]], archive: str, notebook: str, lectures: Container[str]
) -> int:
    """Return the number of outer folders that contain all students, such as the archive's or a lecture's."""
    depth = 0
    while paths and all(len(path) > depth + 1 and path[depth] == paths[0][depth] for path in paths):
        folder, inside = paths[0][depth], {path[depth + 1] for path in paths}
        is_a_student = any(name in lectures or is_named(name, notebook) for name in inside)
        is_known = folder.lower() in WRAPPERS or folder in lectures
        if not is_known and (is_a_student or (len(inside) == 1 and folder != archive)):
            break
        depth += 1
    return depth


def _canvas(entry: Entry, top: int, notebook: str) -> Owned:
    first = entry.parts[top]
    match = CANVAS_ANONYMOUS.fullmatch(first) or CANVAS.fullmatch(first)
    if match is None:
        return Owned(entry, name=entry.name)
    raw = f"{match['name']}_{match['number']}"
    return Owned(
        entry,
        student_id(raw),
        raw,
        match["number"],
        _own_name(entry, top, match["rest"] or first),
        int(match["upload"] or 0),
        late="_LATE_" in first.removesuffix(match["rest"] or ""),
        canvas=True,
    )


def _moodle(entry: Entry, top: int, notebook: str) -> Owned:
    match = MOODLE.fullmatch(entry.parts[top])
    if match is None:
        return Owned(entry, name=entry.name)
    raw = match["name"]
    if raw.lower() == MOODLE_ANONYMOUS:
        raw = f"{raw}_{match['number']}"
    return Owned(entry, student_id(raw), raw, match["number"], _own_name(entry, top, match["rest"]))


def _own_name(entry: Entry, top: int, rest: str) -> str:
    return rest if len(entry.parts) == top + 1 else entry.name


def _plain(entry: Entry, top: int, notebook: str) -> Owned:
    """Assign a file to the first folder or archive in its path, or, if there is none, to its own name."""
    first = entry.parts[top]
    in_a_folder = len(entry.parts) > top + 1
    stem, _, ending = first.rpartition(".")
    raw = first
    if ending.lower() == "zip" or (ending.lower() == "ipynb" and not in_a_folder):
        raw = re.sub(rf"(?:^|[ _-]+){re.escape(notebook)}$", "", COPY.sub("", stem), flags=re.IGNORECASE)
    elif not in_a_folder:
        return Owned(entry, name=first)
    return Owned(entry, student_id(raw), raw, name=entry.name if in_a_folder else f"{notebook}.ipynb")


def _told_apart(found: list[Owned]) -> list[Owned]:
    """If two people would share a folder, add the numbers that identify them in their system, or omit both names."""
    people = defaultdict(set)
    for owned in found:
        people[owned.student.casefold()].add((owned.raw, owned.number))
    result = []
    for owned in found:
        if owned.student and len(people[owned.student.casefold()]) > 1:
            student = student_id(f"{owned.raw}_{owned.number}") if owned.number else ""
            owned = replace(owned, student=student)
        result.append(owned)
    return result


def student_id(name: str) -> str:
    """Return a name for a student's folder that is valid on every system, without spaces or globs; it may be empty."""
    text = re.sub(r"[^\w.@-]+", "_", unicodedata.normalize("NFC", name))
    text = text.strip("._- ")[:LONGEST].strip("._- ")
    return f"{text}_" if RESERVED.fullmatch(text) else text


def is_named(file: str, notebook: str) -> bool:
    """Return whether a file is named ``NOTEBOOK.ipynb``, or as programs name a copy of it."""
    stem, _, ending = file.rpartition(".")
    return ending.lower() == "ipynb" and notebook.lower() in (stem.lower(), COPY.sub("", stem).lower())


def ends_with(file: str, notebook: str) -> bool:
    """Return whether a file's name ends with a notebook's, as in ``lastfirst_12_34_NOTEBOOK-1.ipynb``."""
    stem, _, ending = file.rpartition(".")
    pattern = rf"(?:.*[ _-])?{re.escape(notebook)}"
    return ending.lower() == "ipynb" and bool(re.fullmatch(pattern, COPY.sub("", stem), flags=re.IGNORECASE))
