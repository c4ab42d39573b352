"""Writing a submission's folder under ``submitted``: all of it or nothing."""

from __future__ import annotations

import os
import tempfile
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from autograder.submission.files import TIMESTAMP, read_file
from autograder.submission.refusal import Refused, shown


class CollectOutcome(StrEnum):
    """The outcome of collecting a student's submission."""

    COLLECTED = "collected"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"
    LEFT = "not collected"


def place(folder: Path, name: str, content: bytes, time: datetime | None, force: bool) -> CollectOutcome:
    """Make a submission's folder with its notebook and time, and exchange it for the existing one.

    Raises:
        Refused: if a different submission exists and ``force`` is not set, or if a link is in the way.
    """
    for part in (folder.parent, folder):
        if part.is_symlink():
            raise Refused(f"{shown(part.name)} already exists as a symbolic link, which is not followed")
    there = folder.exists()
    if there and _holds(folder / name, content):
        return CollectOutcome.UNCHANGED
    if there and not force:
        raise Refused("a different submission is already there; use --force to replace it")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".collect-", dir=folder.parent) as beside:
        new, old = Path(beside, "new"), Path(beside, "old")
        new.mkdir()
        (new / name).write_bytes(content)
        if time is not None:
            (new / TIMESTAMP).write_text(f"{time:%Y-%m-%d %H:%M:%S} UTC\n", encoding="utf-8")
        if there:
            os.replace(folder, old)
        try:
            os.replace(new, folder)
        except OSError:
            if there:
                os.replace(old, folder)
            raise
    return CollectOutcome.REPLACED if there else CollectOutcome.COLLECTED


def _holds(path: Path, content: bytes) -> bool:
    try:
        return read_file(path) == content
    except Refused:
        return False
