"""The graded notebook of a record, which formgrader shows and from which nbgrader's rule computes the points."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import asdict
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import is_solution

from autograder.judge.executor import CellError
from autograder.notebooks.exercises import grade_id, is_test
from autograder.submission.record import Record, Remark, RemarkKind, SolutionRecord, TestRecord

PNG = b"\x89PNG\r\n\x1a\n"
NOT_GRADED = "CouldNotBeGraded"
METADATA = (
    "autograder"  # the key of this course's additions to the metadata of a graded notebook and its cells
)


def judged_notebook(source: NotebookNode, record: Record) -> NotebookNode:
    """Return the source with a student's texts in its solution cells, and with outputs that give the points.

    ``nbgrader.utils.determine_grade`` gives each test cell exactly the record's points. No output of a cell with full
    points is an error or a number; a failed cell ends with an error; partial credit is a number. Output from a
    submission is either plain text on stdout (nbgrader gives no points if there is output on stderr) or a PNG image.
    A blank solution cell keeps the source's text, so that nbgrader recognizes by its checksum that it is unchanged.

    Args:
        source: the lecture's notebook in the form entered into the gradebook, with stubs, hidden tests and checksums,
            see :meth:`autograder.gradebook.conversions.NbgraderCourse.master`. It is not changed.
        record: the record of a submission; if it has a ``failure``, no test gives points.
    """
    notebook = deepcopy(source)
    solutions = {solution.grade_id: solution for solution in record.solutions}
    tests = {test.grade_id: test for test in record.tests}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if is_test(cell):
            _fill_test(cell, tests.get(grade_id(cell)), record.failure)
        elif is_solution(cell) and grade_id(cell) in solutions:
            _fill_solution(cell, solutions[grade_id(cell)])
    notebook.metadata[METADATA] = nbformat.from_dict(_metadata(record))
    return notebook


def _metadata(record: Record) -> dict[str, Any]:
    return {
        "key": record.key,
        "check_seed": record.seed,
        "failure": _printable(record.failure),
        "failure_for_student": _printable(record.failure_for_student),
        "remarks": [asdict(remark) for remark in record.remarks],
    }


def remarks_of(notebook: NotebookNode) -> tuple[Remark, ...]:
    """Return the remarks in a judged notebook's metadata."""
    remarks = notebook.metadata[METADATA].remarks
    return tuple(Remark(RemarkKind(one.kind), one.message, one.for_student) for one in remarks)


def _fill_solution(cell: NotebookNode, solution: SolutionRecord) -> None:
    if solution.source.strip():
        cell.source = _printable(solution.source)
    if cell.cell_type == "code":
        cell.outputs = [*_plain_outputs(solution.outputs), *_error_outputs(solution.error)]


def _fill_test(cell: NotebookNode, test: TestRecord | None, failure: str) -> None:
    if test is None or failure:
        reason = failure or "the judge has no result for this cell"
        cell.outputs = _error_outputs(CellError(NOT_GRADED, reason))
        return
    cell.outputs = [_stdout(test.output)] if test.output else []
    points = float(cell.metadata.nbgrader.points)
    if test.earned == points:
        return
    if test.earned > 0 or test.error is None:
        data = {"text/plain": repr(float(test.earned))}
        cell.outputs.append(nbformat.v4.new_output("execute_result", data=data))
    else:
        cell.outputs += _error_outputs(test.error)
        if test.hidden and test.error.hint:
            cell.metadata[METADATA] = nbformat.from_dict({"hint": _printable(test.error.hint)})


def _plain_outputs(outputs: Iterable[Mapping[str, Any]]) -> list[NotebookNode]:
    kept = []
    for output in outputs:
        if output["output_type"] == "stream":
            kept.append(_stdout(output["text"]))
            continue
        data = output.get("data", {})
        image = _png(data.get("image/png"))
        if image:
            kept.append(nbformat.v4.new_output("display_data", data={"image/png": image}))
        elif data.get("text/plain"):
            kept.append(_stdout(str(data["text/plain"]) + "\n"))
    return kept


def _png(text: object) -> str:
    """Return the base64 text of a PNG image, else an empty text: templates put it into pages unescaped."""
    try:
        content = base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return base64.b64encode(content).decode() if content.startswith(PNG) else ""


def _stdout(text: object) -> NotebookNode:
    return nbformat.v4.new_output("stream", name="stdout", text=_printable(str(text)))


def _error_outputs(error: CellError | None) -> list[NotebookNode]:
    if error is None:
        return []
    lines = [_printable(line) for line in error.traceback] or [_printable(str(error))]
    shown = {"ename": _printable(error.name), "evalue": _printable(error.message), "traceback": lines}
    return [nbformat.v4.new_output("error", **shown)]


def _printable(text: str) -> str:
    """Replace halves of surrogate pairs, which UTF-8 cannot encode, so that the text can be written to a file."""
    return text.encode("utf-8", "replace").decode("utf-8")
