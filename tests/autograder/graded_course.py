"""A course to grade without running any code: it has manual cells, and a scripted judge."""

import tempfile
from functools import cache
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.api import Gradebook
from toy_course import cell_of, make_course, toy_notebook, write_source

from autograder.gradebook.conversions import NbgraderCourse
from autograder.gradebook.filing import Filing
from autograder.judge.executor import CellError, CellResult
from autograder.notebooks.course import CONFIG_NAME, Course, Lecture, read_notebook
from autograder.notebooks.exercises import exercise_of
from autograder.submission.grading import grade_submission
from autograder.submission.record import Record
from autograder.submission.submission import read_submission

ROLE = {"schema_version": 3, "locked": False, "task": False, "solution": True, "grade": True}
TASK = {"schema_version": 3, "locked": True, "task": True, "solution": False, "grade": False}
ESSAY = "Why is the mean sensitive to outliers?\n\n*Your answer.*"
PLOT = "### BEGIN SOLUTION\ndraw()\n### END SOLUTION"


def manual_notebook():
    """Return the toy notebook with an essay (3 points), a plot (2) and a task (4) that a person grades."""
    notebook = toy_notebook()
    notebook.cells += [
        new_markdown_cell(
            ESSAY, id="essay", metadata={"nbgrader": {**ROLE, "grade_id": "essay", "points": 3}}
        ),
        new_code_cell(PLOT, id="plot", metadata={"nbgrader": {**ROLE, "grade_id": "plot", "points": 2}}),
        new_markdown_cell(
            "Collect data.", id="task", metadata={"nbgrader": {**TASK, "grade_id": "task", "points": 4}}
        ),
    ]
    return notebook


def graded_course(root: Path, db_url: str = "", settings: str = "") -> Course:
    """Write a course with the manual notebook as lecture 03; without an address its gradebook is SQLite's."""
    course = make_course(root)
    if not db_url:
        (root / "gradebook.db").write_bytes(empty_gradebook())
    write_source(course.lecture("03"), manual_notebook())
    with (root / CONFIG_NAME).open("a") as config:
        config.write(f"\nc.CourseDirectory.db_url = {db_url!r}\n" if db_url else "")
        config.write(f"\n{settings}\n")
    return course


class ScriptedJudge:
    """An executor that reads in a solution's text how its tests come out: FULL, HALF, or else not at all.

    A solution with NOISE writes on stderr and shows HTML.
    """

    def run(self, cells, limits, seed=None):
        """Return a result for each cell; nothing is run."""
        texts = {cell.exercise: cell.source for cell in cells if cell.kind == "solution"}
        return [self._result(cell, texts.get(cell.exercise, "")) for cell in cells]

    def close(self):
        """There is nothing to end."""

    def _result(self, cell, text):
        if cell.kind == "setup":
            return CellResult()
        outputs = []
        if "NOISE" in text:
            outputs = [
                {"output_type": "stream", "name": "stderr", "text": f"warned in {cell.id}\n"},
                {"output_type": "display_data", "data": {"text/html": "<b>", "text/plain": "bold"}},
            ]
        if cell.kind == "solution" or "FULL" in text:
            return CellResult(outputs)
        if "HALF" in text:
            value = {"output_type": "execute_result", "data": {"text/plain": str(cell.points / 2)}}
            return CellResult([*outputs, value])
        return CellResult(outputs, CellError("AssertionError", f"SECRET of {cell.id}", hint="HINT"))


FULL = {"double": "FULL", "mean": "FULL"}


def hand_in(lecture: Lecture, student: str, texts: dict[str, str], timestamp: str = "") -> Path:
    """Write the released notebook with these texts into ``submitted/STUDENT/LECTURE``; return its path."""
    notebook = nbformat.from_dict(released(lecture))
    for name, text in texts.items():
        cell_of(notebook, name).source = text
    path = lecture.course / "submitted" / student / lecture.folder / lecture.source.name
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    if timestamp:
        (path.parent / "timestamp.txt").write_text(timestamp)
    return path


def released(lecture: Lecture):
    """Return the student version, near enough: stubs, and no hidden tests."""
    notebook = NbgraderCourse(lecture.course).master(lecture)
    for cell in notebook.cells:
        if "_hidden" in cell.id:
            cell.source = cell.source.split("\n")[0]
    return notebook


def judged(lecture: Lecture, student: str, seed: int = 1) -> Record:
    """Return the record of what was handed in, by the scripted judge."""
    source = read_notebook(lecture.source)
    folder = lecture.course / "submitted" / student / lecture.folder
    submission = read_submission(folder, source, lecture, student)
    return grade_submission(
        source, submission, ScriptedJudge(), lecture=lecture.folder, seed=seed, key=submission.digest
    )


def open_gradebook(course: Course) -> Gradebook:
    """Open a course's gradebook."""
    return NbgraderCourse(course.root).gradebook()


def points(course: Course, student: str, folder: str = "03_toy") -> dict[str, float]:
    """Return a student's score by cell."""
    with open_gradebook(course) as gradebook:
        submission = gradebook.find_submission(folder, student)
        return {grade.name: grade.score for book in submission.notebooks for grade in book.grades}


def by_exercise(scores: dict[str, float]) -> dict[str, float]:
    """Sum scores of test cells by exercise."""
    sums: dict[str, float] = {}
    for name, score in scores.items():
        cell = nbformat.from_dict({"metadata": {"nbgrader": {"grade_id": name}}})
        sums[exercise_of(cell)] = sums.get(exercise_of(cell), 0.0) + score
    return sums


def set_grade(course: Course, student: str, cell: str, **values) -> None:
    """Do what formgrader does when a person types points: set columns of a grade."""
    with open_gradebook(course) as gradebook:
        grade = gradebook.find_grade(cell, "toy", "03_toy", student)
        for name, value in values.items():
            setattr(grade, name, value)
        gradebook.db.commit()


def table_rows(course: Course) -> dict[str, list]:
    """Return what every table of the gradebook says, with names for the random ids."""
    with open_gradebook(course) as gradebook:
        tables: dict[str, list] = {"students": [s.to_dict() for s in gradebook.students]}
        for assignment in gradebook.assignments:
            tables["assignment"] = [(assignment.name, assignment.duedate, assignment.course_id)]
            for book in assignment.notebooks:
                tables["notebook"] = [(book.name, book.kernelspec)]
                cells = [*book.grade_cells, *book.solution_cells, *book.task_cells]
                tables["cells"] = [(type(c).__name__, _said(c, "id")) for c in cells]
                tables["source cells"] = [_said(c, "id") for c in book.source_cells]
            for one in assignment.submissions:
                key = (one.student.id, one.timestamp, one.extension)
                tables.setdefault("submissions", []).append((key, _said(one, "id")))
                for book in one.notebooks:
                    key = (one.student.id, book.name, book.late_submission_penalty)
                    tables.setdefault("notebooks", []).append((key, _said(book, "id")))
                    for row in [*book.grades, *book.comments]:
                        tables.setdefault(type(row).__name__, []).append(_said(row, "id"))
        return {name: sorted(rows, key=repr) for name, rows in tables.items()}


def _said(row, *without) -> dict:
    return {name: value for name, value in row.to_dict().items() if name not in without}


def file(course, *records):
    """File records in one go and return the filing."""
    with Filing(course, course.lecture("03")) as filing:
        for record in records:
            filing.file(record)
    return filing


def graded(lecture, student):
    """Return the notebook in ``autograded/``."""
    path = lecture.course / "autograded" / student / lecture.folder / lecture.source.name
    return nbformat.read(path, as_version=4)


def set_due_date(course, date):
    """Do what formgrader does when a person types a due date."""
    with open_gradebook(course) as gradebook:
        gradebook.update_or_create_assignment("03_toy", duedate=date)


def with_task_answer(path, *cells):
    """Add cells below the task of a notebook that was handed in."""
    notebook = nbformat.read(path, as_version=4)
    place = notebook.cells.index(cell_of(notebook, "task")) + 1
    notebook.cells[place:place] = cells
    nbformat.write(notebook, path)


@cache
def empty_gradebook() -> bytes:
    """The bytes of a new SQLite gradebook: nbgrader takes seconds to make one."""
    with tempfile.TemporaryDirectory() as folder:
        course = make_course(Path(folder))
        open_gradebook(course).close()
        return (course.root / "gradebook.db").read_bytes()
