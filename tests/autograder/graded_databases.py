"""A gradebook on each kind of database: SQLite, and a PostgreSQL server that is started for the tests."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from graded_course import empty_gradebook, graded_course, open_gradebook
from waiting import wait_for

LATE = "c.LateSubmissionPlugin.penalty_method = 'zero'"


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
        wait_for(self._answers)

    def _answers(self) -> bool:
        assert self.process.poll() is None, f"PostgreSQL did not start: {(self.folder / 'log').read_text()}"
        ready = [self.programs / "pg_isready", "--quiet", "--host", self.folder, "--dbname", "postgres"]
        return subprocess.run(ready).returncode == 0

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
        path.write_bytes(empty_gradebook())
        return f"sqlite:///{path}"
    server = request.getfixturevalue("postgresql")
    return server.database(f"copy{time.monotonic_ns()}", template="gradebook")


@pytest.fixture(params=KINDS, name="database")
def each_database(request, tmp_path) -> str:
    """The address of a new gradebook, on each kind of database in turn."""
    return new_gradebook(request.param, tmp_path, request)


@pytest.fixture(name="course")
def course_on_each_database(tmp_path, database):
    """The course with manual cells, on each kind of database in turn; being late costs all points."""
    return graded_course(tmp_path, database, LATE)


@pytest.fixture(name="lecture")
def lecture_on_each_database(course):
    """Its lecture."""
    return course.lecture("03")


@pytest.fixture(name="local")
def local_course(tmp_path):
    """The course on SQLite alone: for what has nothing to do with the database."""
    return graded_course(tmp_path)
