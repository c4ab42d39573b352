"""Submissions: the text of the cells that a student writes in, and remarks on everything else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.utils import is_solution

from autograder.notebooks.course import Lecture
from autograder.notebooks.exercises import grade_id
from autograder.submission.cells import SubmittedCell, cells_of
from autograder.submission.files import find_notebook, parse, read_file
from autograder.submission.record import Remark, RemarkKind
from autograder.submission.refusal import Refused, listed
from autograder.submission.tampering import tampering_remarks
from autograder.submission.ungraded import ungraded_definitions

MAX_TEXT = 200_000  # characters in one cell
OTHER_LECTURE = Refused(
    "the notebook contains none of this lecture's solution cells: it may belong to another lecture",
    "Your notebook contains none of this lecture's solution cells: is it from another lecture?",
)


@dataclass(frozen=True)
class Submission:
    """A submission of one lecture, read without running or trusting anything in it.

    Attributes:
        student: the name of the submission's folder.
        solutions: the text of the solution cells, by grade id; missing cells are omitted.
        remarks: the remarks on tampering, missing cells and the like.
        failure: the reason if nothing can be graded.
        failure_for_student: the same for the student, if the student can fix it.
        digest: a hash of the whole submission, for the journal.
    """

    student: str
    solutions: dict[str, str]
    remarks: tuple[Remark, ...] = ()
    failure: str = ""
    failure_for_student: str = ""
    digest: str = ""


def read_submission(folder: Path, source: NotebookNode, lecture: Lecture, student: str) -> Submission:
    """Read a student's submission. Every problem with it becomes a failure or a remark.

    Args:
        folder: ``submitted/STUDENT/LECTURE``.
        source: the lecture's complete notebook.
        lecture: the lecture, whose name is the notebook's.
        student: the name of the submission's folder.
    """
    digest, remarks = "", []
    try:
        path, remarks = find_notebook(folder, lecture.name)
        data = read_file(path)
        digest = hashlib.sha256(path.name.encode(errors="surrogatepass") + b"\0" + data).hexdigest()
        notebook, more = parse(data, path)
    except Refused as refusal:
        return _failed(student, refusal, digest, remarks)
    return submission_from_notebook(notebook, source, student, digest=digest, remarks=[*remarks, *more])


def submission_from_notebook(
    notebook: Mapping[str, Any],
    source: NotebookNode,
    student: str,
    *,
    digest: str = "",
    remarks: Sequence[Remark] = (),
) -> Submission:
    """Take the solution texts from a notebook of format 4, with remarks on changes to the rest.

    Args:
        notebook: the submitted notebook; nothing in it is trusted.
        source: the lecture's complete notebook.
        student: the name of the submission's folder.
        digest: a hash of the submission (default: a hash of the texts and remarks).
        remarks: earlier remarks, which come first.
    """
    cells = list(cells_of(notebook))
    first = _first_of_each(cells)
    wanted = [grade_id(cell) for cell in source.cells if is_solution(cell)]
    if not any(name in first for name in wanted):
        return _failed(student, OTHER_LECTURE, digest, remarks)
    texts, taking = _solutions(first, wanted)
    found = [
        *remarks,
        *_odd_cells(notebook, cells),
        *taking,
        *doubled(cells, {grade_id(cell) for cell in source.cells} - {""}),
        *tampering_remarks(cells, first, source),
        *ungraded_definitions(cells, texts, source),
    ]
    return Submission(student, texts, tuple(found), digest=digest or _digest(texts, found))


def _failed(student: str, refusal: Refused, digest: str, remarks: Iterable[Remark] = ()) -> Submission:
    return Submission(
        student,
        {},
        tuple(remarks),
        failure=refusal.message,
        failure_for_student=refusal.for_student,
        digest=digest or hashlib.sha256(refusal.message.encode()).hexdigest(),
    )


def _first_of_each(cells: Iterable[SubmittedCell]) -> dict[str, SubmittedCell]:
    first: dict[str, SubmittedCell] = {}
    for cell in cells:
        if cell.grade_id:
            first.setdefault(cell.grade_id, cell)
    return first


def _solutions(
    first: Mapping[str, SubmittedCell], wanted: Iterable[str]
) -> tuple[dict[str, str], list[Remark]]:
    """Return the texts of the solution cells that can be taken, and remarks on the others."""
    texts, remarks, repaired, missing = {}, [], [], []
    for name in wanted:
        cell = first.get(name)
        if cell is None:
            missing.append(name)
        elif cell.text is None:
            message = f"solution cell {name} does not contain text, so it was not graded"
            advice = f"The cell {name} does not contain text, so it could not be graded."
            remarks.append(Remark(RemarkKind.MISSING, message, advice))
        elif len(cell.text) > MAX_TEXT:
            size = f"it must have at most {MAX_TEXT:,} characters, got {len(cell.text):,}"
            message = f"solution cell {name} was not graded: {size}"
            remarks.append(Remark(RemarkKind.MISSING, message, f"The cell {name} was not graded: {size}."))
        else:
            texts[name] = cell.text
            if cell.repaired:
                repaired.append(name)
    return texts, [*remarks, *_missing(missing), *_repaired(repaired)]


def _missing(names: list[str]) -> Iterator[Remark]:
    if names:
        cells = f"solution cell{'s' * (len(names) > 1)} {listed(names)}"
        advice = "earned nothing: write the answer in a new copy of the lecture's notebook."
        yield Remark(
            RemarkKind.MISSING, f"missing: {cells}", f"Your notebook lacks the {cells}, which {advice}"
        )


def _repaired(names: list[str]) -> Iterator[Remark]:
    if names:
        message = f"invalid Unicode characters were replaced by � in {listed(names)}"
        yield Remark(RemarkKind.NOTE, message, f"Your notebook contains broken characters: {message}.")


def _odd_cells(notebook: Mapping[str, Any], cells: list[SubmittedCell]) -> Iterator[Remark]:
    entries = notebook.get("cells")
    odd = len(entries) - len(cells) if isinstance(entries, list) else 0
    if odd:
        yield Remark(RemarkKind.NOTE, f"{odd} entries of the list of cells are not cells and were ignored")


def doubled(cells: Iterable[SubmittedCell], known: Container[str]) -> Iterator[Remark]:
    """Yield a remark for each known cell that occurs more than once.

    A cell that was split or copied keeps its grade id; only its first part counts.
    """
    numbers: dict[str, list[str]] = {}
    for cell in cells:
        if cell.grade_id in known:
            numbers.setdefault(cell.grade_id, []).append(str(cell.number))
    for name, where in numbers.items():
        if len(where) > 1:
            places = f"{len(where)} times (cells {listed(where)})"
            message = f"{name} occurs {places}; only the first one counts"
            advice = (
                f"The cell {name} occurs in your notebook {places}, but only the first one counts: join them."
            )
            yield Remark(RemarkKind.NOTE, message, advice)


def _digest(texts: Mapping[str, str], remarks: Iterable[Remark]) -> str:
    taken = json.dumps([texts, [asdict(remark) for remark in remarks]])
    return hashlib.sha256(taken.encode()).hexdigest()
