"""A lecture's entry in nbgrader's gradebook, the same as that of ``nbgrader generate_assignment``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Gradebook, InvalidEntry, MissingEntry, Notebook
from nbgrader.preprocessors import SaveCells
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from autograder.gradebook.conversions import NbgraderCourse
from autograder.notebooks.course import CourseError, Lecture
from autograder.notebooks.exercises import grade_id

PASSWORD = re.compile(r"(?<=:)[^:@/]*(?=@)")  # in a database's address


@contextmanager
def readable_errors(url: str, undo: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Turn a database error into a CourseError with one sentence, after calling ``undo``."""
    address = PASSWORD.sub("…", url)
    try:
        yield
    except ModuleNotFoundError as error:
        raise CourseError(
            f"the gradebook {address} needs the Python package {error.name}, which is not installed"
        ) from error
    except ArgumentError as error:
        raise CourseError(
            f"c.CourseDirectory.db_url must be the address of a database, got {address}"
        ) from error
    except (SQLAlchemyError, InvalidEntry) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        undo()
        if "database is locked" in reason:
            raise CourseError(
                f"the gradebook {address} is locked: another program is writing to it; "
                "close that program (perhaps formgrader) and run this command again"
            ) from error
        raise CourseError(f"the gradebook {address} cannot be used: {reason}") from error


def enter_lecture(
    course: NbgraderCourse, gradebook: Gradebook, lecture: Lecture, master: NotebookNode
) -> Notebook:
    """Make the gradebook's entry of a lecture equal to its source, and return its notebook.

    Args:
        course: the course folder.
        gradebook: its gradebook.
        lecture: the lecture.
        master: the lecture's notebook, see :meth:`NbgraderCourse.master`.

    Raises:
        CourseError: if cells were added or removed after submissions had been graded.
    """
    assignment = gradebook.update_or_create_assignment(lecture.folder)
    try:
        entered = gradebook.find_notebook(lecture.name, lecture.folder)
    except MissingEntry:
        entered = None
    if entered is not None and _cells_entered(entered) == _cells_of(master):
        return entered
    others = [book.name for book in assignment.notebooks if book.name != lecture.name]
    names = {cell[:2] for cell in _cells_of(master)}
    had = {cell[:2] for cell in _cells_entered(entered)} if entered is not None else set()
    if assignment.num_submissions and (others or names != had):
        changed = ", ".join(sorted({name for _, name in names ^ had} | set(others)))
        raise CourseError(
            f"the gradebook has grades for another version of {lecture.folder}, and cells were added or removed "
            f"since ({changed}); undo these changes, or remove all grades of the lecture, even manual ones, with: "
            f"nbgrader db assignment remove {lecture.folder} --force"
        )
    for other in others:
        gradebook.remove_notebook(other, lecture.folder)
    gradebook.db.commit()  # SaveCells writes through its own connection
    names = {"student": ".", "assignment": lecture.folder, "notebook": lecture.name}
    resources = {"nbgrader": {**names, "db_url": course.directory().db_url}}
    SaveCells(config=course.config()).preprocess(master, resources)
    gradebook.db.expire_all()
    return gradebook.find_notebook(lecture.name, lecture.folder)


def _cells_entered(notebook: Notebook) -> set[tuple]:
    return {
        *(("grade", cell.name, cell.max_score, cell.cell_type) for cell in notebook.grade_cells),
        *(("solution", cell.name) for cell in notebook.solution_cells),
        *(("task", cell.name, cell.max_score, cell.cell_type) for cell in notebook.task_cells),
        *(
            ("source", cell.name, cell.cell_type, cell.locked, cell.source, cell.checksum)
            for cell in notebook.source_cells
        ),
    }


def _cells_of(master: NotebookNode) -> set[tuple]:
    found: set[tuple] = set()
    for cell in master.cells:
        name, kind = grade_id(cell), cell.cell_type
        if utils.is_grade(cell):
            found.add(("grade", name, float(cell.metadata.nbgrader.points), kind))
        if utils.is_solution(cell):
            found.add(("solution", name))
        if utils.is_task(cell):
            found.add(("task", name, float(cell.metadata.nbgrader.points), kind))
        if name and (utils.is_locked(cell) or utils.is_solution(cell) or utils.is_task(cell)):
            checksum = cell.metadata.nbgrader.get("checksum")
            found.add(("source", name, kind, utils.is_locked(cell), cell.source, checksum))
    return found
