"""The version of the grader: a hash of all code that can affect a grade, found by following imports."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Where grading begins: reading and grading a submission, the judge's processes, the student's process.
BEGINNINGS = (
    "autograder.submission.submission",
    "autograder.submission.grading",
    "autograder.judge.pool",
    "autograder.judge.judge_process",
    "autograder.judge.notebook",
    "autograder.student.warm",
)
# Checks and answers can use this package except for plots, widgets, the installation report and the command line.
LIBRARY = "dgm_helpers"
UNUSED = ("plots", "style", "widgets", "installation", "pretrained", "training/command", "training/options")


@cache
def grader_version() -> str:
    """Return a hash of the code that decides points."""
    code = hashlib.sha256()
    for path in deciding_files(ROOT):
        code.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return code.hexdigest()


def deciding_files(root: Path) -> list[Path]:
    """Return the files whose code can affect a grade, sorted.

    Args:
        root: the folder that contains the packages.
    """
    found: set[Path] = set()
    waiting = [path for name in BEGINNINGS for path in _files(root, name)]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += imported_files(root, path)
    return sorted(found | set(_library(root)))


def imported_files(root: Path, path: Path) -> Iterator[Path]:
    """Yield the files of this package that a file imports, at any depth inside it."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from _files(root, node.module)
            for alias in node.names:
                yield from _files(root, f"{node.module}.{alias.name}")
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files(root, alias.name)


def _files(root: Path, module: str) -> Iterator[Path]:
    """Yield the file of a module of this package, and those of its parent packages."""
    if module.partition(".")[0] != "autograder":
        return
    parts = module.split(".")
    for length in range(1, len(parts) + 1):
        folder = root.joinpath(*parts[:length])
        yield from (path for path in (folder / "__init__.py", folder.with_suffix(".py")) if path.is_file())


def _library(root: Path) -> Iterable[Path]:
    for path in (root / LIBRARY).rglob("*.py"):
        name = path.relative_to(root / LIBRARY).as_posix()
        if not name.startswith(UNUSED):
            yield path
