"""The places in a solution cell that a mutant may change, and the text of the changed cell."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

WIDTH = 60  # maximum length of a snippet in a mutant's name
SHORT = 14  # a shorter snippet is shown with the expression around it


@dataclass(frozen=True)
class Place:
    """One node of a tree, at ``parent.field`` or ``parent.field[index]``."""

    node: ast.AST
    parent: ast.AST
    field: str
    index: int | None
    around: tuple[ast.AST, ...]  # from the function down to the parent

    def put(self, node: ast.AST | list[ast.stmt]) -> None:
        """Replace the node in the tree."""
        if self.index is None:
            setattr(self.parent, self.field, node)
        elif isinstance(node, list):
            getattr(self.parent, self.field)[self.index : self.index + 1] = node
        else:
            getattr(self.parent, self.field)[self.index] = node


@dataclass(frozen=True)
class Edit:
    """A change at one place: the operator's name and the new node."""

    operator: str
    node: ast.AST | list[ast.stmt]


Operator = Callable[[Place], Iterator[Edit]]


def functions(tree: ast.Module) -> list[tuple[str, ast.FunctionDef]]:
    """Return the functions and methods of a cell with their qualified names."""
    found = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            found.append((node.name, node))
        elif isinstance(node, ast.ClassDef):
            methods = [part for part in node.body if isinstance(part, ast.FunctionDef)]
            found += [(f"{node.name}.{method.name}", method) for method in methods]
    return found


def places(tree: ast.Module) -> Iterator[Place]:
    """Yield the statements and expressions in the bodies of a cell's functions, outermost first.

    Docstrings, annotations and imports are omitted.
    """
    for _, function in functions(tree):
        for index, statement in enumerate(function.body):
            yield from _below(Place(statement, function, "body", index, (function,)))


def _below(place: Place) -> Iterator[Place]:
    node = place.node
    if isinstance(node, ast.Import | ast.ImportFrom | ast.JoinedStr) or _is_text(node):
        return
    yield place
    for name, value in ast.iter_fields(node):
        if name in (
            "annotation",
            "returns",
            "decorator_list",
            "ctx",
            "op",
            "ops",
            "args" * _is_function(node),
        ):
            continue
        around = (*place.around, node)
        if isinstance(value, ast.AST):
            yield from _below(Place(value, node, name, None, around))
        elif isinstance(value, list):
            for index, part in enumerate(value):
                if isinstance(part, ast.AST):
                    yield from _below(Place(part, node, name, index, around))


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.Lambda)


def changed(tree: ast.Module, place: Place, edit: Edit) -> tuple[str, str]:
    """Return a snippet ``before => after``, and the text of the whole cell; the tree itself is restored."""
    shown = _shown(place)
    before = _line(shown)
    kept = None if place.index is None else list(getattr(place.parent, place.field))
    new = edit.node if isinstance(edit.node, list) else [edit.node]
    for node in new:
        ast.fix_missing_locations(node)
    place.put(edit.node)
    try:
        after = " ".join(map(_line, new)) if shown is place.node else _line(shown)
        text = ast.unparse(tree)
    finally:
        if kept is None:
            place.put(place.node)
        else:
            getattr(place.parent, place.field)[:] = kept
    return f"{_cut(before)} => {_cut(after)}", text


def _shown(place: Place) -> ast.AST:
    """Return the smallest expression or simple statement around the place that identifies it."""
    shown: ast.AST = place.node
    for node in reversed(place.around):
        if isinstance(shown, ast.stmt) or not isinstance(node, ast.expr | ast.stmt) or _is_block(node):
            break
        if isinstance(shown, ast.expr) and len(_line(shown)) >= SHORT:
            break
        shown = node
    return shown


def _is_block(node: ast.AST) -> bool:
    return isinstance(getattr(node, "body", None), list)


def _line(node: ast.AST) -> str:
    text = ast.unparse(node).split("\n")
    return text[0] if _is_block(node) else " ".join(part.strip() for part in text)


def _cut(text: str) -> str:
    return text if len(text) <= WIDTH else f"{text[: WIDTH // 2]}…{text[-WIDTH // 2 :]}"
