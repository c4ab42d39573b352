"""What of a notebook that was handed in is not as it was released. It is reported, never obeyed."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from nbformat import NotebookNode
from nbgrader.utils import compute_checksum

from autograder.exercises import grade_id, is_setup, without_hidden_tests
from autograder.record import Remark, RemarkKind
from autograder.runs.cells import SubmittedCell
from autograder.runs.refusal import listed, shown
from autograder.runs.ungraded import MAX_CODE, UNPARSABLE

FLAGS = ("grade", "solution", "locked", "task")


def tampering_remarks(
    cells: Sequence[SubmittedCell], first: Mapping[str, SubmittedCell], source: NotebookNode
) -> list[Remark]:
    """Return remarks on tests and on nbgrader's metadata that differ from the released notebook's.

    Honest differences are none: outputs, checksums, tags, added cells, white space at the ends of lines, formatting.

    Args:
        cells: what was handed in.
        first: of these the first with each grade id.
        source: the lecture's complete notebook.
    """
    released = {grade_id(cell): cell for cell in source.cells if grade_id(cell)}
    there = {name: cell for name, cell in released.items() if name in first}
    found = [
        *_text_remarks({name: first[name] for name in there}, released),
        *_role_remarks({name: first[name] for name in there}, released),
        *_absent_and_extra(cells, first, released),
        *_order_remarks(first, list(there)),
        *_setup_remarks(cells, source),
    ]
    return found


def _text_remarks(
    handed_in: Mapping[str, SubmittedCell], released: Mapping[str, NotebookNode]
) -> Iterator[Remark]:
    edited, older, leaked = [], [], []
    for name, cell in handed_in.items():
        original = released[name]
        if original.metadata.nbgrader.get("solution"):
            continue
        visible = without_hidden_tests(original.source)
        if cell.text is not None and same_text(cell.text, visible):
            continue
        if cell.text is not None and same_text(cell.text, original.source):
            leaked.append(name)
        elif cell.text is None or not _same_code(cell.text, visible):
            (older if _as_once_released(cell) else edited).append(name)
    if edited:
        message = f"the text of {listed(edited)} was changed; the course's own tests were run"
        yield Remark(RemarkKind.TAMPERING, message)
    if leaked:
        message = f"the hidden tests of {listed(leaked)} are in what was handed in"
        yield Remark(RemarkKind.TAMPERING, message)
    if older:
        message = f"the text of {listed(older)} is not the lecture's, but its checksum fits: another release?"
        yield Remark(RemarkKind.NOTE, message)


def same_text(one: str, other: str) -> bool:
    """Whether texts are equal but for white space at the ends of lines and empty lines around."""
    return one == other or _squeezed(one) == _squeezed(other)


def _squeezed(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


def _same_code(one: str, other: str) -> bool:
    """Whether two texts differ only in how they are formatted, say by a formatter that takes all cells."""
    if max(len(one), len(other)) > MAX_CODE:
        return False
    try:
        first, second = ast.parse(one), ast.parse(other)
        return bool(second.body) and ast.dump(first) == ast.dump(second)
    except UNPARSABLE:
        return False


def _as_once_released(cell: SubmittedCell) -> bool:
    """Whether nbgrader's checksum of the cell fits: then it is the cell of an older release."""
    checksum, points = cell.role.get("checksum"), cell.role.get("points", 0)
    if not isinstance(checksum, str) or not isinstance(points, int | float) or cell.text is None:
        return False
    metadata = {"nbgrader": dict(cell.role)}
    node = NotebookNode(cell_type=cell.kind, source=cell.text, metadata=NotebookNode(metadata))
    try:
        return compute_checksum(node) == checksum
    except (TypeError, ValueError, AttributeError, OverflowError):
        return False  # entries of wrong types: it was never released like this


def _role_remarks(
    handed_in: Mapping[str, SubmittedCell], released: Mapping[str, NotebookNode]
) -> Iterator[Remark]:
    changed, retyped = [], []
    for name, cell in handed_in.items():
        original = released[name]
        role = original.metadata.nbgrader
        changes = [flag for flag in FLAGS if cell.role.get(flag, False) != bool(role.get(flag, False))]
        if role.get("grade") and not _equal_points(cell.role.get("points"), role.get("points")):
            changes.append(f"points: {_value(cell.role.get('points'))} for {_value(role.get('points'))}")
        if cell.kind != original.cell_type:
            (retyped if role.get("solution") else changes).append(
                name if role.get("solution") else f"cell type: {shown(cell.kind, 20)}"
            )
        if changes:
            changed.append(f"{name} ({', '.join(changes)})")
    if changed:
        yield Remark(RemarkKind.TAMPERING, f"the metadata of {listed(changed)} was changed; it is not obeyed")
    if retyped:
        message = f"the type of the solution cells {listed(retyped)} was changed; their text was graded all the same"
        advice = (
            f"The cells {listed(retyped)} are of another type than before (code or Markdown): change it back."
        )
        yield Remark(RemarkKind.NOTE, message, advice)


def _equal_points(one: object, other: object) -> bool:
    return isinstance(one, int | float) and not isinstance(one, bool) and one == other


def _value(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9:
        return f"{value:g}"
    return shown(str(value)[:200], 20) if isinstance(value, str | bool | None) else type(value).__name__


def _absent_and_extra(
    cells: Sequence[SubmittedCell],
    first: Mapping[str, SubmittedCell],
    released: Mapping[str, NotebookNode],
) -> Iterator[Remark]:
    absent = [name for name in released if name not in first and not _written(released[name])]
    extra = [cell for cell in cells if cell.grade_id not in released and _is_graded(cell)]
    renamed = []
    for name in list(absent):
        visible = without_hidden_tests(released[name].source)
        match = next((c for c in extra if c.text is not None and same_text(c.text, visible)), None)
        if match is not None and match.grade_id:
            renamed.append(f"{name} (now {shown(match.grade_id)})")
            absent.remove(name)
            extra.remove(match)
    if renamed:
        yield Remark(RemarkKind.TAMPERING, f"the ids of {listed(renamed)} were changed; the tests were run")
    if absent:
        message = f"missing: test cells {listed(absent)}; they were run all the same"
        advice = f"Your notebook lacks the cells {listed(absent)}; they were run all the same."
        yield Remark(RemarkKind.MISSING, message, advice)
    if extra:
        names = [shown(cell.grade_id) if cell.grade_id else f"cell {cell.number}" for cell in extra]
        message = (
            f"graded or solution cells that the lecture does not have: {listed(names)}; they count nothing"
        )
        yield Remark(RemarkKind.TAMPERING, message)


def _written(cell: NotebookNode) -> bool:
    return bool(cell.metadata.nbgrader.get("solution"))


def _is_graded(cell: SubmittedCell) -> bool:
    return any(cell.role.get(flag) for flag in ("grade", "solution", "task"))


def _order_remarks(first: Mapping[str, SubmittedCell], names: Sequence[str]) -> Iterator[Remark]:
    moved = [later for earlier, later in pairwise(names) if first[earlier].number > first[later].number]
    if moved:
        message = (
            f"the order of the cells was changed (at {listed(moved)}); they were run in the lecture's order"
        )
        yield Remark(RemarkKind.TAMPERING, message)


def _setup_remarks(cells: Sequence[SubmittedCell], source: NotebookNode) -> Iterator[Remark]:
    original = next((cell.source for cell in source.cells if is_setup(cell)), None)
    texts = [cell.text for cell in cells if cell.setup]
    if original is None or not texts or any(text and same_text(text, original) for text in texts):
        return
    message = "the set-up cell was changed; the course's own was run"
    advice = "You changed the set-up cell, but grading runs the course's own: import in the solution cell."
    yield Remark(RemarkKind.NOTE, message, advice)
