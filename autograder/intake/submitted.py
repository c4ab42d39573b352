"""Write a submission's folder under ``submitted``, completely or not at all."""

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
    """Create a submission's folder with its notebook and time, and replace an existing folder by it.

    Args:
        folder: ``submitted/STUDENT/LECTURE``.
        name: the file name of the notebook.
        content: the notebook.
        time: the time of handing in, if it is known.
        force: whether to replace a different submission.

    Raises:
        Refused: if a different submission exists and ``force`` is not set, or if a link is in the way.
    """
    for part in (folder.parent, folder):
        if part.is_symlink():
            raise Refused(f"{shown(part.name)} already exists as a symbolic link, which is not followed")
    exists = folder.exists()
    if exists and _contains(folder / name, content):
        return CollectOutcome.UNCHANGED
    if exists and not force:
        raise Refused("a different submission already exists; use --force to replace it")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".collect-", dir=folder.parent) as temporary:
        new, old = Path(temporary, "new"), Path(temporary, "old")
        new.mkdir()
        (new / name).write_bytes(content)
        if time is not None:
            (new / TIMESTAMP).write_text(f"{time:%Y-%m-%d %H:%M:%S} UTC\n", encoding="utf-8")
        if exists:
            os.replace(folder, old)
        try:
            os.replace(new, folder)
        except OSError:
            if exists:
                os.replace(old, folder)
            raise
    return CollectOutcome.REPLACED if exists else CollectOutcome.COLLECTED


def _contains(path: Path, content: bytes) -> bool:
    try:
        return read_file(path) == content
    except Refused:
        return False
