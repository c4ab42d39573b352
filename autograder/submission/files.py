"""From a submission's folder to bytes and from bytes to a notebook's data; nothing in either is trusted."""

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

TIMESTAMP = "timestamp.txt"  # nbgrader's, in a submission's folder: the late penalty is computed from it
MAX_BYTES = 20_000_000
MAX_CELLS = 5_000
MAX_CONTAINERS = 1_000_000  # lists and objects; each takes far more memory than its two characters
MAX_CONVERTED = 50_000  # of these in an old notebook: converting is slow
CONVERTIBLE = 3  # the last format before 4; what is older is older than nbgrader
# What students hand in instead of a notebook, by its first bytes.
OTHER_KINDS = {
    b"PK\x03\x04": "a zip archive",
    b"%PDF": "a PDF",
    b"<": "a web page (HTML)",
    b"\x1f\x8b": "a gzip archive",
    b"\x89PNG": "a picture",
    b"\x7fELF": "a program",
}


def find_notebook(folder: Path, name: str) -> tuple[Path, list[Remark]]:
    """Return the path of ``NAME.ipynb`` in a submission's folder, or of the one other notebook there.

    Raises:
        Refused: if the folder is missing, a link or holds no notebook, or several of other names.
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
        found = listed([shown(other) for other in others])
        raise Refused(
            f"{where} holds {len(others)} notebooks, {found}, and none is called {wanted}",
            f"You handed in {len(others)} notebooks, and none is called {wanted}: hand in one of that name.",
        )
    holds = f"holds {listed([shown(n) for n in names])}" if names else "is empty"
    raise Refused(
        f"{where} has no notebook {wanted}: it {holds}",
        f"No notebook was found in what you handed in: hand in {wanted}.",
    )


def _other_notebooks(wanted: str, others: list[str]) -> Iterator[Remark]:
    if others:
        found = listed([shown(other) for other in others])
        message = f"besides {wanted}, which was graded, there is {found}"
        yield Remark(RemarkKind.NOTE, message, f"Besides {wanted}, which was graded, you handed in {found}.")


def _renamed(wanted: str, other: str) -> Remark:
    message = f"the notebook is called {shown(other)}, not {wanted}; it was graded all the same"
    return Remark(
        RemarkKind.NOTE, message, f"Your notebook is called {shown(other)}: name it {wanted} next time."
    )


def read_file(path: Path) -> bytes:
    """Return a file's bytes, unless it is a link, no regular file, or too large. Never blocks.

    Raises:
        Refused: with the reason.
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
        raise Refused(
            f"{where} is a folder, not a notebook", "You handed in a folder in place of a notebook."
        )
    if not stat.S_ISREG(status.st_mode):
        raise Refused(f"{where} is a device or a pipe, not a notebook")
    return status


def parse(data: bytes, path: Path) -> tuple[dict, list[Remark]]:
    """Return the notebook of format 4 that these bytes hold; its entries may be of any type.

    Raises:
        Refused: if they are no text, no JSON, no notebook, or of a format that cannot be converted.
    """
    text, remarks = _decoded(data, path)
    opening = text.count("[") + text.count("{")
    if opening > MAX_CONTAINERS:
        raise _no_notebook(path, f"it holds {opening} lists and objects, more than {MAX_CONTAINERS}")
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
        found = str(version)[:20] if isinstance(version, int | float) else "no number"
        reason = f"its format is {found}, not {NOTEBOOK_FORMAT}"
        raise _no_notebook(path, reason, "open it in JupyterLab and save it again")
    if not isinstance(content.get("cells"), list):
        raise _no_notebook(path, "it has no list of cells")
    if len(content["cells"]) > MAX_CELLS:
        raise _no_notebook(path, f"it has {len(content['cells'])} cells, more than {MAX_CELLS}")
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
        raise _no_notebook(path, "it is not text in UTF-8") from None
    if encoding == "utf-8":
        return text, []
    what = "UTF-8 with a byte order mark" if encoding == "utf-8-sig" else encoding[:6].upper()
    message = f"the notebook is stored as {what}, not as plain UTF-8; it was graded all the same"
    return text, [Remark(RemarkKind.NOTE, message, f"Your notebook is stored as {what}: save it as UTF-8.")]


def _why_no_json(text: str, error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "its JSON is nested too deeply"
    if isinstance(error, MemoryError):
        return "it takes more memory than there is"
    if "<<<<<<<" in text and ">>>>>>>" in text:
        return "it holds the marks of a merge conflict (<<<<<<<)"
    if isinstance(error, json.JSONDecodeError) and error.pos >= len(text.rstrip()):
        return "it breaks off before its end"
    return f"it is not JSON ({str(error)[:100]})"


def _converted(text: str, path: Path) -> dict:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about what the conversion mends
            return nbformat.convert(reader.reads(text), NOTEBOOK_FORMAT)
    except Exception as error:  # nbformat converts what it takes for well-formed, and fails in any way else
        reason = f"its format is {CONVERTIBLE}, and converting it failed ({type(error).__name__})"
        raise _no_notebook(path, reason, "open it in JupyterLab and save it again") from None


def _converted_remark(version: int) -> Remark:
    message = f"the notebook was converted from format {version} to {NOTEBOOK_FORMAT}"
    advice = f"Your notebook is of the old format {version}: open it in JupyterLab and save it again."
    return Remark(RemarkKind.NOTE, message, advice)


def _no_notebook(path: Path, reason: str, advice: str = "hand in the file that JupyterLab saves") -> Refused:
    return Refused(
        f"{_place(path)} is not a notebook: {reason}",
        f"Your file {shown(path.name)} cannot be read as a notebook: {reason}; {advice}.",
    )


def _place(path: Path) -> str:
    """STUDENT/LECTURE/FILE, or as much of it as there is, made fit for a sentence."""
    parts = path.relative_to(path.anchor).parts[-3 if path.suffix == ".ipynb" else -2 :]
    return shown("/".join(parts), 120).strip("'\"")
