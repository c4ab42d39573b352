"""The cells of a submitted notebook, with the type of every entry checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from autograder.notebooks.exercises import SETUP_TAG


@dataclass(frozen=True)
class SubmittedCell:
    """A submitted cell.

    Attributes:
        number: the cell's position in the notebook, from 1.
        kind: code, markdown or raw; else empty.
        text: its source, without lone surrogates; None if its source is not text.
        role: nbgrader's metadata, with values of any type.
        grade_id: nbgrader's name of the cell, if it is text; else empty.
        setup: whether it is tagged as the setup cell.
        repaired: whether ``text`` differs from the submitted source.
    """

    number: int
    kind: str
    text: str | None
    role: Mapping[str, Any] = field(default_factory=dict)
    grade_id: str = ""
    setup: bool = False
    repaired: bool = False


def cells_of(notebook: Mapping[str, Any]) -> Iterator[SubmittedCell]:
    """Yield a notebook's cells; entries that are not cells are omitted."""
    cells = notebook.get("cells")
    for number, cell in enumerate(cells if isinstance(cells, list) else [], start=1):
        if isinstance(cell, dict):
            yield _cell(number, cell)


def _cell(number: int, cell: Mapping[str, Any]) -> SubmittedCell:
    kind, metadata = cell.get("cell_type"), _mapping(cell.get("metadata"))
    role, tags = _mapping(metadata.get("nbgrader")), metadata.get("tags")
    grade_id, text = role.get("grade_id"), _text(cell.get("source"))
    fit = None if text is None else _without_surrogates(text)
    return SubmittedCell(
        number,
        kind if isinstance(kind, str) else "",
        fit,
        role,
        grade_id if isinstance(grade_id, str) else "",
        setup=isinstance(tags, list) and SETUP_TAG in tags,
        repaired=fit != text,
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return value if isinstance(value, str) else None


def _without_surrogates(text: str) -> str:
    """Replace halves of surrogate pairs, which cannot be stored, by �."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
