"""What an attack must leave alone: a course with its grade book, servers that listen, processes, memory."""

from __future__ import annotations

import os
import resource
import select
import shutil
import socket
import threading
from collections.abc import Container, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import lecture

from autograder.notebooks.course import Lecture

REPOSITORY = Path(__file__).resolve().parents[2]
TREASURES = {
    "gradebook.db": b"SQLite format 3\0 points of everybody",
    ".grading/01_toy.jsonl": b'{"student": "ada"}\n',
    "autograder/answers/01_toy/double/right.py": b"def double(x): return x + x",
    "submitted/ada/01_toy/toy.ipynb": b"{}",
    ".ssh/id_rsa": b"-----BEGIN KEY-----",
}


class Host:
    """A course with treasures, and servers that nobody may reach.

    Args:
        folder: an empty one.

    Attributes:
        lecture: the course's only one.
        words: what stands for the words in braces of an attack: ``canary`` is the course's folder, ``port`` and
            ``abstract`` are addresses of servers, ``repository`` and ``home`` folders of this machine.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, content in TREASURES.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        shutil.copy(REPOSITORY / "nbgrader_config.py", folder)
        self.lecture = Lecture(folder, "01_toy")
        self.lecture.source.parent.mkdir(parents=True)
        lecture.write(self.lecture.source)
        self.servers = ExitStack()
        self.sockets = self._listen()
        self.before = dict(_contents(folder))

    def _listen(self) -> list[socket.socket]:
        tcp = self._server(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
        port, name = tcp.getsockname()[1], f"dgm-attacks-{os.getpid()}"
        self.words = {
            "canary": str(self.folder),
            "port": str(port),
            "abstract": name,
            "repository": str(REPOSITORY),
            "home": str(Path.home()),
        }
        return [
            tcp,
            self._server(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", port)),
            self._server(socket.AF_UNIX, socket.SOCK_STREAM, f"\0{name}"),
        ]

    def _server(self, family: int, kind: int, address: str | tuple) -> socket.socket:
        server = self.servers.enter_context(socket.socket(family, kind))
        server.bind(address)
        if kind == socket.SOCK_STREAM:
            server.listen()
        return server

    def contacted(self) -> bool:
        """Whether anybody has connected to a server or sent it anything."""
        return bool(select.select(self.sockets, [], [], 0)[0])

    def changed(self) -> list[str]:
        """Return the files of the course that were made, removed or written to, but for what was handed in."""
        now = dict(_contents(self.folder))
        return sorted(name for name in self.before.keys() | now if self.before.get(name) != now.get(name))

    def empty_folder_of(self, student: str) -> Path:
        """Return an empty folder for what a student hands in, beside the course."""
        folder = self.folder_of(student)
        shutil.rmtree(folder.parent, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def folder_of(self, student: str) -> Path:
        """Return the folder of what a student has handed in."""
        return self.folder.parent / "handed_in" / student / self.lecture.folder

    def close(self) -> None:
        """Close the servers."""
        self.servers.close()


def _contents(folder: Path) -> Iterator[tuple[str, tuple]]:
    for path in folder.rglob("*"):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        yield str(path.relative_to(folder)), (status.st_mode, content)


def descendants() -> dict[int, str]:
    """Return the processes that this one started, directly or not, with their state."""
    parents, states = {}, {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        fields = _read(f"/proc/{name}/stat").rpartition(")")[2].split()
        if fields:
            states[int(name)], parents[int(name)] = fields[0], int(fields[1])
    found = {}
    for pid in parents:
        ancestor = pid
        while ancestor in parents and ancestor != os.getpid():
            ancestor = parents[ancestor]
        if ancestor == os.getpid() and pid != os.getpid():
            found[pid] = states[pid]
    return found


def running_with(marker: str) -> list[str]:
    """Return the processes of this machine, whoever's, that have a marker among their arguments."""
    names = filter(str.isdigit, os.listdir("/proc"))
    return [name for name in names if marker in _read(f"/proc/{name}/cmdline")]


class Peak:
    """The most memory and processes at a time, beyond those there were when it was made.

    Attributes:
        bytes: by which the memory that this machine has left went down, without what other programs took.
        processes: descendants.
    """

    def __init__(self) -> None:
        self.bytes = self.processes = 0
        self._first_bytes, self._first_processes = self._measured()

    def look(self) -> None:
        """Measure once more."""
        used, processes = self._measured()
        self.bytes = max(self.bytes, used - self._first_bytes)
        self.processes = max(self.processes, processes - self._first_processes)

    def _measured(self) -> tuple[int, int]:
        ours = descendants()
        return -_available() - _memory_of_others({*ours, os.getpid()}), len(ours)


@contextmanager
def watched(seconds: float = 0.1) -> Iterator[Peak]:
    """Measure every ``seconds`` while the block runs, and once more when it ends."""
    peak, over = Peak(), threading.Event()

    def watch() -> None:
        while not over.wait(seconds):
            peak.look()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()
        peak.look()


def _memory_of_others(ours: Container[int]) -> int:
    """Return the bytes that other programs have for themselves: without files and shared memory."""
    pages = 0
    for name in filter(str.isdigit, os.listdir("/proc")):
        numbers = _read(f"/proc/{name}/statm").split()
        if numbers and int(name) not in ours:
            pages += int(numbers[1]) - int(numbers[2])
    return pages * resource.getpagesize()


def _available() -> int:
    for line in _read("/proc/meminfo").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) << 10
    return 0


def _read(path: str) -> str:
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except OSError:  # it has ended meanwhile
        return ""
