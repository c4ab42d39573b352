"""Answers to tasks: the cells that a student adds below a task cell, which are graded by hand and never run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.utils import is_task

from autograder.notebooks.course import Lecture
from autograder.notebooks.exercises import grade_id
from autograder.submission.cells import SubmittedCell, cells_of
from autograder.submission.files import find_notebook, parse, read_file
from autograder.submission.refusal import Refused
from autograder.submission.submission import MAX_TEXT

MAX_CELLS = 100  # per notebook


def task_answers(folder: Path, lecture: Lecture, master: NotebookNode) -> dict[str, list[NotebookNode]]:
    """Return the cells added below each task cell, by its grade id, without outputs.

    An answer ends at the lecture's next cell. A notebook that cannot be read has no answers.

    Args:
        folder: ``submitted/STUDENT/LECTURE``.
        lecture: the lecture.
        master: the lecture's notebook; if it has no task, nothing is read.
    """
    tasks = [grade_id(cell) for cell in master.cells if is_task(cell)]
    if not tasks:
        return {}
    try:
        path, _ = find_notebook(folder, lecture.name)
        notebook, _ = parse(read_file(path), path)
    except Refused:
        return {}
    answers: dict[str, list[NotebookNode]] = {}
    for number, (task, cell) in enumerate(_added(list(cells_of(notebook)), tasks, master)):
        if number < MAX_CELLS:
            make = new_code_cell if cell.kind == "code" else new_markdown_cell
            answers.setdefault(task, []).append(make(cell.text[:MAX_TEXT], id=f"answer-{number + 1}"))
    return answers


def with_answers(notebook: NotebookNode, answers: Mapping[str, Sequence[NotebookNode]]) -> NotebookNode:
    """Insert the answers below their tasks, in place, and return the notebook."""
    notebook.cells = [part for cell in notebook.cells for part in (cell, *(answers.get(grade_id(cell), ())))]
    return notebook


def _added(
    cells: Sequence[SubmittedCell], tasks: Sequence[str], master: NotebookNode
) -> Iterator[tuple[str, SubmittedCell]]:
    released = {cell.source.strip() for cell in master.cells}
    task, met = "", set()
    for cell in cells:
        text = (cell.text or "").strip()
        if cell.grade_id in tasks and cell.grade_id not in met:
            task = cell.grade_id
            met.add(task)
        elif cell.grade_id or text in released - {""}:
            task = ""
        elif task and text:
            yield task, cell
