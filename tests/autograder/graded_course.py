"""A course to grade without running any code: manual cells too, a scripted judge, and both databases."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import nbformat
import pytest
from conftest import cell_of, make_course, toy_notebook, write_source
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.api import Gradebook

from autograder.conversions import NbgraderCourse
from autograder.course import CONFIG_NAME, Course, Lecture, read_notebook
from autograder.executor import CellError, CellResult
from autograder.exercises import exercise_of
from autograder.grading import grade_submission
from autograder.record import Record
from autograder.runs.submission import read_submission

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
        (root / "gradebook.db").write_bytes(_empty_gradebook())
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


@cache
def _empty_gradebook() -> bytes:
    """The bytes of a new SQLite gradebook: nbgrader takes seconds to make one."""
    with tempfile.TemporaryDirectory() as folder:
        course = make_course(Path(folder))
        open_gradebook(course).close()
        return (course.root / "gradebook.db").read_bytes()


class Server:
    """A PostgreSQL server of our own: in a temporary folder, on a Unix socket, with no network."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs, self.folder = programs, folder
        self.user = {}
        if os.getuid() == 0:  # PostgreSQL does not run as root
            user = pwd.getpwnam("nobody")
            os.chown(folder, user.pw_uid, user.pw_gid)
            self.user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        setup = ["--pgdata", folder / "data", "--username", "grader", "--auth", "trust", "--no-sync"]
        self._run("initdb", *setup, "--encoding", "UTF8", "--locale", "C")
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        settings = {"listen_addresses": "", "unix_socket_directories": self.folder, "fsync": "off"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self.process = subprocess.Popen(
            [self.programs / "postgres", "-D", self.folder / "data", *options],
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "log").open("ab"),
            cwd=self.folder,
            **self.user,
        )
        for _ in range(300):
            ready = [self.programs / "pg_isready", "--quiet", "--host", self.folder, "--dbname", "postgres"]
            if subprocess.run(ready).returncode == 0:
                return
            time.sleep(0.1)
        raise RuntimeError(f"PostgreSQL did not start: {(self.folder / 'log').read_text()}")

    def stop(self) -> None:
        """End it and every connection."""
        self.process.send_signal(3)  # SIGQUIT: at once
        self.process.wait()

    def database(self, name: str, template: str = "template0") -> str:
        """Make a database, empty or a copy of another, and return its address."""
        self._run("createdb", "--host", self.folder, "--username", "grader", "--template", template, name)
        return f"postgresql+psycopg://grader@/{name}?host={self.folder}"

    def _run(self, program: str, *arguments) -> None:
        command = [self.programs / program, *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, **self.user)


def postgresql_programs() -> Path:
    """Return the folder of PostgreSQL's programs; skips the test where there is none, or no driver."""
    folders = sorted(
        Path("/usr/lib/postgresql").glob("[0-9]*/bin"), key=lambda path: -float(path.parent.name)
    )
    found = shutil.which("initdb")
    folders += [Path(found).resolve().parent] if found else []
    if not folders:
        pytest.skip("no PostgreSQL server is installed here (apt-get install postgresql)")
    pytest.importorskip(
        "psycopg", reason="the driver psycopg is not installed (pip install 'psycopg[binary]')"
    )
    return folders[0]


@contextmanager
def running_server() -> Iterator[Server]:
    """Start a server with one database, ``gradebook``, that is a new gradebook; end it afterwards."""
    programs = postgresql_programs()
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        server = Server(programs, Path(folder))
        try:
            with tempfile.TemporaryDirectory() as root:
                open_gradebook(graded_course(Path(root), server.database("gradebook"))).close()
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session", name="postgresql")
def server_for_all():
    """One server for all tests."""
    with running_server() as server:
        yield server


KINDS = ["sqlite", "postgresql"]


def new_gradebook(kind: str, folder: Path, request) -> str:
    """Make a gradebook on this kind of database and return its address."""
    if kind == "sqlite":
        path = folder / "grades.db"
        path.write_bytes(_empty_gradebook())
        return f"sqlite:///{path}"
    server = request.getfixturevalue("postgresql")
    return server.database(f"copy{time.monotonic_ns()}", template="gradebook")


@pytest.fixture(params=KINDS, name="database")
def each_database(request, tmp_path) -> str:
    """The address of a new gradebook, on each kind of database in turn."""
    return new_gradebook(request.param, tmp_path, request)
