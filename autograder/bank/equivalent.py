"""Mutants that a person has found to be right: ``answers/EXERCISE/equivalent.toml``.

Each line of the file is a mutant's id, or a pattern in which ``*`` matches any text, and the reason::

    "float32 result@source" = "A float32 answer is right."
    "detach*" = "The task promises no gradient."
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

from autograder.notebooks.course import CourseError

FILE = "equivalent.toml"


def read_equivalent(folder: Path) -> dict[str, str]:
    """Return the reasons by pattern; empty if the exercise's folder has no such file.

    Raises:
        CourseError: if the file is not a table of reasons.
    """
    path = folder / FILE
    if not path.is_file():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(f"{path} is not TOML: {error}") from None
    for pattern, reason in table.items():
        if not isinstance(reason, str) or not reason.strip():
            raise CourseError(f'{path}: the entry {pattern!r} must be "ID" = "REASON", got {reason!r}')
    return table


def matches(pattern: str, name: str) -> bool:
    """Return whether a mutant's id equals or matches a pattern, in which only ``*`` is special."""
    parts = map(re.escape, pattern.split("*"))
    return pattern == name or re.fullmatch(".*".join(parts), name, flags=re.DOTALL) is not None


def explained(patterns: Iterable[str], name: str) -> bool:
    """Return whether a mutant is listed."""
    return any(matches(pattern, name) for pattern in patterns)
