"""Read a submission's notebook from its folder; neither the folder nor the content is trusted."""

from __future__ import annotations

import codecs
import json
import os
import stat
import warnings
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import reader

from autograder.notebooks.course import NOTEBOOK_FORMAT
from autograder.submission.record import Remark, RemarkKind
from autograder.submission.refusal import Refused, listed, shown

TIMESTAMP = "timestamp.txt"  # nbgrader's file in a submission's folder: gives the late penalty
MAX_BYTES = 20_000_000
MAX_CELLS = 5_000
MAX_CONTAINERS = 1_000_000  # lists and objects; each needs far more memory than its two characters
MAX_CONVERTED = 50_000  # lists and objects in an old notebook: converting is slow
CONVERTIBLE = 3  # the last format before 4; older ones are older than nbgrader
# What students hand in instead of a notebook, by its first bytes.
OTHER_KINDS = {
    b"PK\x03\x04": "a zip archive",
    b"%PDF": "a PDF",
    b"<": "a web page (HTML)",
    b"\x1f\x8b": "a gzip archive",
    b"\x89PNG": "an image",
    b"\x7fELF": "a program",
}


def find_notebook(folder: Path, name: str) -> tuple[Path, list[Remark]]:
    """Return the path of ``NAME.ipynb`` in a submission's folder, or else of the only notebook there.

    Raises:
        Refused: if the folder is missing or a link, contains no notebook, or several with other names.
    """
    where = _place(folder)
    try:
        for part in (folder.parent, folder):
            if part.is_symlink():
                raise Refused(f"{_place(part)} is a symbolic link, which is not followed")
        names = sorted(entry.name for entry in os.scandir(folder))
    except FileNotFoundError:
        raise Refused(f"{where} does not exist: nothing was handed in", "Nothing was handed in.") from None
    except OSError as error:
        raise Refused(f"{where} cannot be read: {error.strerror}") from None
    wanted = f"{name}.ipynb"
    others = [n for n in names if n.lower().endswith(".ipynb") and not n.startswith(".") and n != wanted]
    if wanted in names:
        return folder / wanted, list(_other_notebooks(wanted, others))
    if len(others) == 1:
        return folder / others[0], [_renamed(wanted, others[0])]
    if others:
        names = listed([shown(other) for other in others])
        raise Refused(
            f"{where} contains {len(others)} notebooks, {names}, but none is named {wanted}",
            f"You handed in {len(others)} notebooks, but none is named {wanted}: hand in one with that name.",
        )
    content = f"contains {listed([shown(n) for n in names])}" if names else "is empty"
    raise Refused(
        f"{where} has no notebook {wanted}: it {content}",
        f"Your submission contains no notebook: hand in {wanted}.",
    )


def _other_notebooks(wanted: str, others: list[str]) -> Iterator[Remark]:
    if others:
        names = listed([shown(other) for other in others])
        message = f"only {wanted} was graded; the folder also contains {names}"
        yield Remark(RemarkKind.NOTE, message, f"Only {wanted} was graded; you also handed in {names}.")


def _renamed(wanted: str, other: str) -> Remark:
    message = f"the notebook should be named {wanted}, but is named {shown(other)}; it was graded anyway"
    return Remark(
        RemarkKind.NOTE, message, f"Your notebook is named {shown(other)}: name it {wanted} next time."
    )


def read_file(path: Path) -> bytes:
    """Return a file's bytes. Never blocks.

    Raises:
        Refused: if the file is a link, is not a regular file, is too large, or cannot be read.
    """
    where, name = _place(path), shown(path.name)
    flags = os.O_RDONLY
    for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):  # Windows has only the last one
        flags |= getattr(os, flag, 0)
    try:
        _check_kind(os.lstat(path), where)  # a device's file is not even opened
        with open(os.open(path, flags), "rb") as file:
            size = _check_kind(os.fstat(file.fileno()), where).st_size
            if size > MAX_BYTES:
                raise Refused(
                    f"{where} is too large: {size / 1e6:.0f} MB, and the limit is {MAX_BYTES / 1e6:.0f} MB",
                    f"Your file {name} has {size / 1e6:.0f} MB, and the limit is {MAX_BYTES / 1e6:.0f} MB: "
                    "clear the outputs of all cells, save, and hand it in again.",
                )
            return file.read(MAX_BYTES)
    except OSError as error:
        raise Refused(f"{where} cannot be read: {error.strerror}") from None


def _check_kind(status: os.stat_result, where: str) -> os.stat_result:
    if stat.S_ISLNK(status.st_mode):
        raise Refused(f"{where} is a symbolic link, which is not followed")
    if stat.S_ISDIR(status.st_mode):
        raise Refused(f"{where} is a folder, not a notebook", "You handed in a folder instead of a notebook.")
    if not stat.S_ISREG(status.st_mode):
        raise Refused(f"{where} is a device or a pipe, not a notebook")
    return status


def parse(data: bytes, path: Path) -> tuple[dict, list[Remark]]:
    """Return the notebook in these bytes, in format 4; its entries may have any type.

    Raises:
        Refused: if the bytes are not text, not JSON or not a notebook, or have a format that cannot be converted.
    """
    text, remarks = _decoded(data, path)
    opening = text.count("[") + text.count("{")
    if opening > MAX_CONTAINERS:
        raise _no_notebook(path, f"it must have at most {MAX_CONTAINERS} lists and objects, got {opening}")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError, MemoryError) as error:
        raise _no_notebook(path, _why_no_json(text, error)) from None
    if not isinstance(content, dict) or "nbformat" not in content:
        raise _no_notebook(path, "it is JSON, but has no nbformat entry")
    version = content["nbformat"]
    if version == CONVERTIBLE and type(version) is int and opening <= MAX_CONVERTED:
        content = _converted(text, path)
        remarks.append(_converted_remark(version))
    elif version != NOTEBOOK_FORMAT or type(version) is not int:
        found = str(version)[:20] if isinstance(version, int | float) else "a value that is not a number"
        reason = f"its format must be {NOTEBOOK_FORMAT}, got {found}"
        raise _no_notebook(path, reason, "open it in JupyterLab and save it again")
    if not isinstance(content.get("cells"), list):
        raise _no_notebook(path, "it has no list of cells")
    if len(content["cells"]) > MAX_CELLS:
        raise _no_notebook(path, f"it must have at most {MAX_CELLS} cells, got {len(content['cells'])}")
    return content, remarks


def _decoded(data: bytes, path: Path) -> tuple[str, list[Remark]]:
    if not data.strip(b" \t\r\n\0"):
        raise _no_notebook(path, "it is empty")
    for start, kind in OTHER_KINDS.items():
        if data.startswith(start):
            raise _no_notebook(path, f"it is {kind}")
    encoding = "utf-8-sig" if data.startswith(codecs.BOM_UTF8) else json.detect_encoding(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise _no_notebook(path, "it is not encoded in UTF-8") from None
    if encoding == "utf-8":
        return text, []
    stored = "UTF-8 with a byte order mark" if encoding == "utf-8-sig" else encoding[:6].upper()
    message = f"the notebook should be stored as plain UTF-8, but is stored as {stored}; it was graded anyway"
    return text, [Remark(RemarkKind.NOTE, message, f"Your notebook is stored as {stored}: save it as UTF-8.")]


def _why_no_json(text: str, error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "its JSON is nested too deeply"
    if isinstance(error, MemoryError):
        return "it needs more memory than is available"
    if "<<<<<<<" in text and ">>>>>>>" in text:
        return "it contains the markers of a merge conflict (<<<<<<<)"
    if isinstance(error, json.JSONDecodeError) and error.pos >= len(text.rstrip()):
        return "it ends too early"
    return f"it is not JSON ({str(error)[:100]})"


def _converted(text: str, path: Path) -> dict:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the repairs that the conversion makes
            return nbformat.convert(reader.reads(text), NOTEBOOK_FORMAT)
    except Exception as error:  # on malformed notebooks, nbformat can raise any exception
        reason = f"its format is {CONVERTIBLE}, and converting it failed ({type(error).__name__})"
        raise _no_notebook(path, reason, "open it in JupyterLab and save it again") from None


def _converted_remark(version: int) -> Remark:
    message = f"the notebook was converted from format {version} to {NOTEBOOK_FORMAT}"
    advice = f"Your notebook has the old format {version}: open it in JupyterLab and save it again."
    return Remark(RemarkKind.NOTE, message, advice)


def _no_notebook(path: Path, reason: str, advice: str = "hand in the file that JupyterLab saves") -> Refused:
    return Refused(
        f"{_place(path)} is not a notebook: {reason}",
        f"Your file {shown(path.name)} cannot be read as a notebook: {reason}; {advice}.",
    )


def _place(path: Path) -> str:
    """Return STUDENT/LECTURE/FILE, or the available part of it, safe to print in a sentence."""
    parts = path.relative_to(path.anchor).parts[-3 if path.suffix == ".ipynb" else -2 :]
    return shown("/".join(parts), 120).strip("'\"")
