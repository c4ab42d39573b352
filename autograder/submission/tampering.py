"""Differences between a submitted notebook and the released one, which are reported and have no effect."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from nbformat import NotebookNode
from nbgrader.utils import compute_checksum, is_solution

from autograder.notebooks.exercises import grade_id, is_setup, without_hidden_tests
from autograder.submission.cells import SubmittedCell
from autograder.submission.record import Remark, RemarkKind
from autograder.submission.refusal import listed, shown
from autograder.submission.ungraded import MAX_CODE, UNPARSABLE

FLAGS = ("grade", "solution", "locked", "task")


def tampering_remarks(
    cells: Sequence[SubmittedCell], first: Mapping[str, SubmittedCell], source: NotebookNode
) -> Iterator[Remark]:
    """Yield remarks on tests and on nbgrader's metadata that differ from the released notebook's.

    Outputs, checksums, tags, added cells, white space at the ends of lines and the work of a formatter are harmless,
    so they are ignored.

    Args:
        cells: the submitted cells.
        first: the first submitted cell with each grade id.
        source: the lecture's complete notebook.
    """
    released = {grade_id(cell): cell for cell in source.cells if grade_id(cell)}
    present = [name for name in released if name in first]
    fixed = [name for name in present if not is_solution(released[name])]
    yield from _text_remarks(fixed, first, released)
    yield from _role_remarks(present, first, released)
    yield from _type_remarks([name for name in present if name not in fixed], first, released)
    yield from _absent_and_extra(cells, first, released)
    yield from _order_remarks(present, first)
    yield from _setup_remarks(cells, source)


def _text_remarks(
    fixed: Sequence[str], first: Mapping[str, SubmittedCell], released: Mapping[str, NotebookNode]
) -> Iterator[Remark]:
    edited, older, leaked = [], [], []
    for name in fixed:
        cell, complete = first[name], released[name].source
        visible = without_hidden_tests(complete)
        if _same(cell.text, visible):
            continue
        if visible != complete and _same(cell.text, complete):
            leaked.append(name)
        else:
            (older if is_of_a_release(cell) else edited).append(name)
    if edited:
        message = f"the text of {listed(edited)} was changed; the original was run"
        yield Remark(RemarkKind.TAMPERING, message)
    if leaked:
        message = f"the hidden part of {listed(leaked)} is in the submitted notebook"
        yield Remark(RemarkKind.TAMPERING, message)
    if older:
        message = (
            f"{listed(older)} seem to be from another release of this lecture; the current release was run"
        )
        yield Remark(RemarkKind.NOTE, message)


def _same(text: str | None, other: str) -> bool:
    """Return whether two texts are equal up to white space at the ends of lines, or as code up to its format."""
    if text is None:
        return False
    return text == other or _squeezed(text) == _squeezed(other) or _same_code(text, other)


def _squeezed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _same_code(text: str, other: str) -> bool:
    if max(len(text), len(other)) > MAX_CODE:
        return False
    try:
        mine, theirs = ast.parse(text), ast.parse(other)
        return bool(mine.body) and ast.dump(mine) == ast.dump(theirs)
    except UNPARSABLE:
        return False


def is_of_a_release(cell: SubmittedCell) -> bool:
    """Return whether nbgrader's checksum of a cell fits its text and points, as in every release."""
    try:
        metadata = NotebookNode(nbgrader=NotebookNode(cell.role))
        node = NotebookNode(cell_type=cell.kind, source=cell.text, metadata=metadata)
        return compute_checksum(node) == cell.role.get("checksum")
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError):
        return False  # an entry is missing or has the wrong type, which no release has


def _role_remarks(
    present: Sequence[str], first: Mapping[str, SubmittedCell], released: Mapping[str, NotebookNode]
) -> Iterator[Remark]:
    changed = []
    for name in present:
        cell, role = first[name], released[name].metadata.nbgrader
        changes = [flag for flag in FLAGS if cell.role.get(flag, False) != bool(role.get(flag, False))]
        points = cell.role.get("points")
        if role.get("grade") and not (_is_number(points) and points == role.get("points")):
            changes.append(f"points {_value(points)} for {role.get('points'):g}")
        if not is_solution(released[name]) and cell.kind != released[name].cell_type:
            changes.append(f"cell type {shown(cell.kind, 20)}")
        if changes:
            changed.append(f"{name} ({', '.join(changes)})")
    if changed:
        yield Remark(RemarkKind.TAMPERING, f"metadata was changed, which had no effect: {listed(changed)}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _value(value: object) -> str:
    if _is_number(value) and abs(value) < 1e9:
        return f"{value:g}"
    return shown(value, 20) if isinstance(value, str) else f"of type {type(value).__name__}"


def _type_remarks(
    written: Sequence[str], first: Mapping[str, SubmittedCell], released: Mapping[str, NotebookNode]
) -> Iterator[Remark]:
    retyped = [name for name in written if first[name].kind != released[name].cell_type]
    if retyped:
        message = f"the type of {listed(retyped)} was changed; the text was graded anyway"
        yield Remark(RemarkKind.NOTE, message, retyped_advice(retyped))


def retyped_advice(names: list[str]) -> str:
    """Return the sentence for a student who changed the type of some solution cells."""
    return f"You changed the type of {listed(names)} (code, Markdown or raw): change it back."


def _absent_and_extra(
    cells: Sequence[SubmittedCell], first: Mapping[str, SubmittedCell], released: Mapping[str, NotebookNode]
) -> Iterator[Remark]:
    extra = [cell for cell in cells if cell.grade_id not in released]
    by_text = {_squeezed(cell.text): cell for cell in extra if cell.text and _is_graded(cell)}
    absent, renamed = [], {}
    for name, cell in released.items():
        if name in first or is_solution(cell):
            continue
        match = by_text.get(_squeezed(without_hidden_tests(cell.source)))
        if match is None:
            absent.append(name)
        else:
            renamed[match.number] = f"{name} (now {shown(match.grade_id)})"
    if renamed:
        message = f"ids were changed, which had no effect: {listed(list(renamed.values()))}"
        yield Remark(RemarkKind.TAMPERING, message)
    if absent:
        message = f"missing, but run anyway: {listed(absent)}"
        advice = f"Your notebook lacks {listed(absent)}, which belongs to the lecture; it was run anyway."
        yield Remark(RemarkKind.MISSING, message, advice)
    yield from _extra_remarks(cell for cell in extra if cell.number not in renamed)


def _is_graded(cell: SubmittedCell) -> bool:
    return bool(cell.role.get("grade") or cell.role.get("task"))


def _extra_remarks(extra: Iterable[SubmittedCell]) -> Iterator[Remark]:
    foreign, others = [], []
    for cell in extra:
        name = shown(cell.grade_id) if cell.grade_id else f"cell {cell.number}"
        if _is_graded(cell) and not is_of_a_release(cell):
            foreign.append(name)
        elif _is_graded(cell) or cell.role.get("solution"):
            others.append(name)
    if foreign:
        message = f"graded cells that are not in the lecture earn nothing: {listed(foreign)}"
        yield Remark(RemarkKind.TAMPERING, message)
    if others:
        message = f"cells of another lecture or release earn nothing: {listed(others)}"
        yield Remark(
            RemarkKind.NOTE, message, f"These cells do not belong to this lecture: {listed(others)}."
        )


def _order_remarks(present: Sequence[str], first: Mapping[str, SubmittedCell]) -> Iterator[Remark]:
    moved = [later for earlier, later in pairwise(present) if first[earlier].number > first[later].number]
    if moved:
        message = f"cells were moved, at {listed(moved)}; they were run in the lecture's order"
        yield Remark(RemarkKind.TAMPERING, message)


def _setup_remarks(cells: Sequence[SubmittedCell], source: NotebookNode) -> Iterator[Remark]:
    original = next((cell.source for cell in source.cells if is_setup(cell)), None)
    texts = [cell.text for cell in cells if cell.setup]
    if original is not None and texts and not any(_same(text, original) for text in texts):
        message = "the setup cell was changed; the original was run"
        advice = (
            "You changed the setup cell, but grading runs the original: write imports in the solution cell."
        )
        yield Remark(RemarkKind.NOTE, message, advice)
