"""Read the files in a folder or zip archive, including nested archives, without unpacking or trusting names."""

from __future__ import annotations

import io
import os
import re
import stat
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from autograder.notebooks.course import CourseError
from autograder.submission.files import MAX_BYTES, read_file
from autograder.submission.refusal import Refused, shown

MAX_ENTRIES = 20_000  # in all archives together
MAX_INNER = 50_000_000  # bytes of a nested archive
MAX_TOTAL = 4_000_000_000  # bytes unpacked in total
MAX_RATIO = 200  # unpacked over packed size; notebooks reach a tenth of it
SMALL = 1_000_000  # bytes; for smaller files the ratio is not checked
LONGEST_NAME = 1_000  # characters
DEPTH = 2  # levels of archives: the class's archive contains those of students
OTHER_ARCHIVES = (".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz")
JUNK = re.compile(r"\..+|__MACOSX|Thumbs\.db|desktop\.ini")
DRIVE = re.compile(r"[A-Za-z]:")
DAMAGED = (BadZipFile, NotImplementedError, EOFError, OSError, ValueError, struct.error, zlib.error)

Opener = Callable[[], AbstractContextManager[ZipFile]]


@dataclass(frozen=True)
class Entry:
    """A file in a folder or an archive.

    Attributes:
        parts: the folders and archives that contain the file, then its name.
        problem: the reason why it cannot be read; else empty.
        time: the time in the outermost archive, which the student did not make; None outside of an archive.
        read: a function that returns the content or raises Refused.
    """

    parts: tuple[str, ...]
    problem: str = ""
    time: datetime | None = None
    read: Callable[[], bytes] = bytes

    @property
    def name(self) -> str:
        """The file's name."""
        return self.parts[-1]


class Archives:
    """A reader of entries that enforces limits on number and size. It is a context manager: an archive stays open."""

    def __init__(self) -> None:
        self.entries_left, self.bytes_left = MAX_ENTRIES, MAX_TOTAL
        self.open = ExitStack()

    def __enter__(self) -> Archives:
        return self

    def __exit__(self, *_: object) -> None:
        self.open.close()

    def entries(self, path: Path) -> list[Entry]:
        """Return the files in this folder or archive, without files of the system such as ``.DS_Store``.

        Raises:
            CourseError: if the path is neither a folder nor a zip archive, or cannot be read.
        """
        try:
            if path.is_dir():
                return list(self._in_folder(path))
            if not path.is_file() and path.exists():
                raise CourseError(f"{path} must be a folder or a zip archive")
            archive = self.open.enter_context(_opened(lambda: path.open("rb")))
            return list(self._in_zip(lambda: nullcontext(archive), (), None, 1))
        except FileNotFoundError:
            raise CourseError(f"{path} does not exist") from None
        except OSError as error:
            raise CourseError(f"{path} cannot be read: {error.strerror}") from None
        except Refused as refusal:
            raise CourseError(f"{path} cannot be collected: {refusal.message}") from None

    def _in_folder(self, root: Path) -> Iterator[Entry]:
        for folder, folders, names in os.walk(root):
            folders[:] = sorted(name for name in folders if not JUNK.fullmatch(name))
            links = [name for name in folders if Path(folder, name).is_symlink()]
            for name in sorted([*names, *links]):
                if not JUNK.fullmatch(name):
                    yield from self._at(Path(folder, name), Path(folder, name).relative_to(root).parts)

    def _at(self, path: Path, parts: tuple[str, ...]) -> Iterator[Entry]:
        self._count_entry()
        if path.is_symlink():
            yield Entry(parts, "it is a symbolic link, which is not followed")
        elif _is_zip(parts) and path.is_file():
            yield from self._tried(lambda: _opened(lambda: path.open("rb")), parts, None, 1)
        else:
            yield Entry(parts, _kind_problem(path.name), None, lambda: read_file(path))

    def _tried(
        self, opener: Opener, parts: tuple[str, ...], time: datetime | None, depth: int
    ) -> Iterator[Entry]:
        """Yield the entries of a nested archive, or one entry with the reason why it cannot be read."""
        try:
            inside = list(self._in_zip(opener, parts, time, depth))
            yield from inside or [Entry(parts, "it is an archive without files", time)]
        except (Refused, OSError) as error:
            yield Entry(parts, str(error), time)

    def _in_zip(
        self, opener: Opener, above: tuple[str, ...], time: datetime | None, depth: int
    ) -> Iterator[Entry]:
        with opener() as archive:
            infos = archive.infolist()
        for info in infos:
            self._count_entry()
            name = _name(info)
            inside = tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))
            if info.is_dir() or not inside or any(JUNK.fullmatch(part) for part in inside if part != ".."):
                continue
            stored = time or (_time(info) if depth == 1 else None)
            problem = _name_problem(name, inside)
            parts = above + ((shown(name)[1:-1],) if problem else inside)
            problem = problem or _problem(info, inside)
            if problem or depth == DEPTH or not _is_zip(parts):
                yield Entry(parts, problem, stored, self._reader(opener, info, MAX_BYTES))
            else:
                read = self._reader(opener, info, MAX_INNER)
                yield from self._tried(_inner(read), parts, stored, depth + 1)

    def _count_entry(self) -> None:
        self.entries_left -= 1
        if self.entries_left < 0:
            raise CourseError(
                f"at most {MAX_ENTRIES} files can be collected at a time; collect them in parts"
            )

    def _reader(self, opener: Opener, info: ZipInfo, most: int) -> Callable[[], bytes]:
        def read() -> bytes:
            if info.file_size > most:
                raise Refused(
                    f"it is too large: {info.file_size / 1e6:.0f} MB of at most {most / 1e6:.0f} MB"
                )
            if info.file_size > max(SMALL, MAX_RATIO * info.compress_size):
                raise Refused("it is packed so tightly that it may be an attack")
            try:
                with opener() as archive, archive.open(info) as file:
                    content = file.read(most + 1)
            except DAMAGED:
                raise Refused("it is damaged in its archive") from None
            self.bytes_left -= len(content)
            if len(content) > most or self.bytes_left < 0:
                raise Refused("it unpacks to more bytes than allowed")
            return content

        return read


@contextmanager
def _opened(stream: Callable[[], BinaryIO]) -> Iterator[ZipFile]:
    with stream() as file:
        _check_length(file)
        try:
            archive = ZipFile(file)
        except DAMAGED:
            raise Refused("it is damaged or is not a zip archive") from None
        with archive:
            yield archive


def _inner(read: Callable[[], bytes]) -> Opener:
    return lambda: _opened(lambda: io.BytesIO(read()))


def _check_length(file: BinaryIO) -> None:
    """Refuse an archive with too many entries before its directory is read: each entry begins with four known bytes."""
    count, rest = 0, b""
    while block := file.read(1 << 20):
        count += (rest + block).count(b"PK\1\2")
        rest = block[-3:]
    if count > MAX_ENTRIES:
        raise Refused(f"it has more than {MAX_ENTRIES} entries")


def _name(info: ZipInfo) -> str:
    """Return an entry's name; some programs store UTF-8 without setting its flag."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def _name_problem(name: str, parts: tuple[str, ...]) -> str:
    if ".." in parts or name[0] in "/\\" or any(DRIVE.match(part) for part in parts):
        return "its name leads out of the archive"
    return "its name is too long" if len(name) > LONGEST_NAME else ""


def _problem(info: ZipInfo, parts: tuple[str, ...]) -> str:
    if info.flag_bits & 1:
        return "it is encrypted"
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return "it is a symbolic link, which is not followed"
    if kind not in (0, stat.S_IFREG):
        return "it is not a regular file"
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        return "its compression is not supported; use Deflate"
    return _kind_problem(parts[-1])


def _is_zip(parts: tuple[str, ...]) -> bool:
    return parts[-1].lower().endswith(".zip")


def _kind_problem(name: str) -> str:
    return (
        "it is an archive of another kind; hand in a zip archive"
        if name.lower().endswith(OTHER_ARCHIVES)
        else ""
    )


def _time(info: ZipInfo) -> datetime | None:
    """Return an entry's local time, in UTC; None if it is not set or not valid."""
    try:
        time = datetime(*info.date_time)
        return time.astimezone(UTC) if time.year > 1980 else None
    except (ValueError, OverflowError, OSError):
        return None
