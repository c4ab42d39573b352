"""What was handed in: the text of the cells that a student writes in, and remarks on all else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

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
    "the notebook has none of this lecture's solution cells: it may belong to another lecture",
    "Your notebook has none of this lecture's solution cells: is it another lecture's?",
)


@dataclass(frozen=True)
class Submission:
    """A submission of one lecture, read without running or obeying anything in it.

    Attributes:
        student: name of the submission's folder.
        solutions: text of the solution cells, by grade id; those that are missing are left out.
        remarks: tampering, missing cells and the like.
        failure: a sentence if nothing can be graded.
        failure_for_student: the same for the student, where it is theirs to mend.
        digest: hash of all that was handed in, for the journal.
    """

    student: str
    solutions: dict[str, str]
    remarks: tuple[Remark, ...] = ()
    failure: str = ""
    failure_for_student: str = ""
    digest: str = ""


def read_submission(folder: Path, source: NotebookNode, lecture: Lecture, student: str) -> Submission:
    """Read what a student handed in. Whatever is wrong with it becomes a failure or a remark.

    Args:
        folder: ``submitted/STUDENT/LECTURE``.
        source: the lecture's complete notebook.
        lecture: which lecture it is; its name is the notebook's.
        student: name of the submission's folder.
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
    """Take the solution texts out of a notebook of format 4, and remark on what is not as it was released.

    Args:
        notebook: as it was handed in; nothing about it is relied on.
        source: the lecture's complete notebook.
        student: name of the submission's folder.
        digest: hash of what was handed in; by default, of what is taken from it.
        remarks: what was found before.
    """
    cells = list(cells_of(notebook))
    first = _first_of_each(cells)
    wanted = [grade_id(cell) for cell in source.cells if _is_written(cell)]
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


def _is_written(cell: NotebookNode) -> bool:
    """Whether a student writes in this cell: solution cells and, of any type, manually graded ones."""
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


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
    texts, remarks, mended, missing = {}, [], [], []
    for name in wanted:
        cell = first.get(name)
        if cell is None:
            missing.append(name)
        elif cell.text is None:
            message = f"what stands in solution cell {name} is no text, so it was left out"
            advice = f"What stands in the cell {name} is no text, so it could not be graded."
            remarks.append(Remark(RemarkKind.MISSING, message, advice))
        elif len(cell.text) > MAX_TEXT:
            size = f"{len(cell.text):,} characters, and the limit is {MAX_TEXT:,}"
            message = f"solution cell {name} was left out: it has {size}"
            remarks.append(
                Remark(RemarkKind.MISSING, message, f"The cell {name} was not graded: it has {size}.")
            )
        else:
            texts[name] = cell.text
            if cell.mended:
                mended.append(name)
    return texts, [*remarks, *_missing(missing), *_mended(mended)]


def _missing(names: list[str]) -> Iterator[Remark]:
    if names:
        cells = f"solution cell{'s' * (len(names) > 1)} {listed(names)}"
        advice = "earned nothing: write the answer into the cell of a fresh copy of the lecture."
        yield Remark(
            RemarkKind.MISSING, f"missing: {cells}", f"Your notebook lacks the {cells}, which {advice}"
        )


def _mended(names: list[str]) -> Iterator[Remark]:
    if names:
        message = f"characters that are no Unicode were replaced by � in {listed(names)}"
        yield Remark(RemarkKind.NOTE, message, f"Your notebook has broken characters: {message}.")


def _odd_cells(notebook: Mapping[str, Any], cells: list[SubmittedCell]) -> Iterator[Remark]:
    entries = notebook.get("cells")
    odd = len(entries) - len(cells) if isinstance(entries, list) else 0
    if odd:
        yield Remark(RemarkKind.NOTE, f"{odd} entries of the list of cells are no cells and were left out")


def doubled(cells: Iterable[SubmittedCell], known: Container[str]) -> Iterator[Remark]:
    """Yield a remark for each known cell that is there more than once.

    A cell that was split or copied keeps its grade id; its first part is the one that counts.
    """
    numbers: dict[str, list[str]] = {}
    for cell in cells:
        if cell.grade_id in known:
            numbers.setdefault(cell.grade_id, []).append(str(cell.number))
    for name, where in numbers.items():
        if len(where) > 1:
            places = f"{len(where)} times (cells {listed(where)})"
            message = f"{name} is there {places}; the first one counts"
            advice = (
                f"The cell {name} is in your notebook {places}, and only the first one counts: join them."
            )
            yield Remark(RemarkKind.NOTE, message, advice)


def _digest(texts: Mapping[str, str], remarks: Iterable[Remark]) -> str:
    taken = json.dumps([texts, [asdict(remark) for remark in remarks]])
    return hashlib.sha256(taken.encode()).hexdigest()
