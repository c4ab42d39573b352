"""Student versions: made by nbgrader, written when all is well, and compared with what is committed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from nbformat import NotebookNode

from autograder.atomic import write_atomically
from autograder.gradebook.conversions import NbgraderCourse
from autograder.notebooks.course import Course, CourseError, Lecture, read_notebook
from autograder.notebooks.exercises import (
    HIDDEN_BEGIN,
    HIDDEN_END,
    SOLUTION_BEGIN,
    SOLUTION_END,
    grade_id,
    regions,
)

MARKERS = ("BEGIN SOLUTION", "END SOLUTION", "BEGIN HIDDEN TESTS", "END HIDDEN TESTS")
COMMON_TEXT = 40  # characters; a shorter solution, say `return a - b`, may well stand in a derivation


def student_versions(lectures: Sequence[Lecture]) -> dict[str, str]:
    """Return the text of each lecture's student version, by folder; the same on every machine.

    Raises:
        CourseError: if a source cannot be read or converted, or if its student version would leak.
    """
    texts = {}
    with tempfile.TemporaryDirectory(prefix="release-") as folder:
        for lecture in lectures:
            read_notebook(lecture.source)  # for its clear sentence
        course = NbgraderCourse.create(Path(folder), Course(lectures[0].course), lectures)
        for lecture in lectures:
            released = course.release(lecture, gradebook=False)
            found = leaks(read_notebook(released), read_notebook(lecture.source))
            if found:
                raise CourseError(f"the student version of {lecture.folder} would leak: {found[0]}")
            texts[lecture.folder] = released.read_text(encoding="utf-8")
    return texts


def release(lectures: Sequence[Lecture], destination: Path | None = None) -> list[Path]:
    """Write the student versions of these lectures, all of them or, if one fails, none.

    Args:
        lectures: at least one.
        destination: folder to write ``NN_name/name.ipynb`` in; the course's ``lectures/`` if None.

    Returns:
        The paths written.
    """
    texts = student_versions(lectures)
    written = []
    for lecture in lectures:
        target = lecture.student_version
        if destination is not None:
            target = destination / lecture.folder / target.name
        write_atomically(target, texts[lecture.folder].encode())
        written.append(target)
    return written


def stale(lecture: Lecture) -> str | None:
    """Return a sentence if the committed student version is not what the source gives now."""
    fresh = student_versions([lecture])[lecture.folder]
    if not lecture.student_version.is_file():
        return f"{lecture.folder} has no student version; run `make release`"
    if lecture.student_version.read_text(encoding="utf-8") != fresh:
        return f"the student version of {lecture.folder} is not what its source gives; run `make release`"
    return None


def leaks(student_version: NotebookNode, source: NotebookNode | None = None) -> list[str]:
    """Return a sentence for each thing in a student version that students must not see.

    Args:
        student_version: the notebook to look at.
        source: the complete notebook; if given, its solutions and hidden tests are looked for also
            where no marker stands.
    """
    found = []
    for number, cell in enumerate(student_version.cells, start=1):
        where = f"cell {grade_id(cell) or f'number {number}'}"
        found += [f"{where} contains {marker}" for marker in MARKERS if marker in cell.source]
        if cell.get("outputs") or cell.get("execution_count"):
            found.append(f"{where} has an output")
        if source is not None:
            found += [f"{where} contains {what}" for what in _secrets_in(cell, source.cells)]
    if student_version.metadata.get("widgets"):
        found.append("the notebook's metadata holds the state of widgets")
    return found


def _secrets_in(cell: NotebookNode, source_cells: Iterable[NotebookNode]) -> list[str]:
    text = _squeezed(cell.source)
    found = []
    for source in source_cells:
        secrets = [("the solution", part) for part in regions(source.source, SOLUTION_BEGIN, SOLUTION_END)]
        secrets += [("the hidden test", part) for part in regions(source.source, HIDDEN_BEGIN, HIDDEN_END)]
        for what, part in secrets:
            secret = _squeezed(part)
            same_cell = grade_id(source) == grade_id(cell)
            if secret and secret in text and (same_cell or len(secret) >= COMMON_TEXT):
                found.append(f"{what} of {grade_id(source)}")
    return found


def _squeezed(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())
