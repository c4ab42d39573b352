"""Find answers that copy the library's own version of their exercise, compared as code up to names."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterable, Iterator

from autograder.notebooks.exercises import parsed

FEWEST_NODES = 25  # nodes of a syntax tree: shorter functions are alike by chance


def copies_of(source: str, references: Iterable[Callable]) -> list[str]:
    """Return the names of the references that a function in the answer copies.

    Two functions count as copies if their syntax trees are equal after names are replaced by their order of
    appearance, and docstrings, annotations, decorators and argument checks that raise are removed. Functions with
    fewer than ``FEWEST_NODES`` nodes are ignored.

    Args:
        source: the answer's text.
        references: the library's own versions.
    """
    answers = {shape for function in _functions(parsed(source)) if (shape := shape_of(function))}
    return [
        f"{reference.__module__}.{reference.__qualname__}"
        for reference in references
        if answers & {shape_of(function) for function in _functions(_tree_of(reference))} - {""}
    ]


def shape_of(function: ast.FunctionDef) -> str:
    """Return a function's code up to names, or an empty string if it is too short to compare."""
    body = [statement for statement in function.body if not _is_docstring_or_check(statement)]
    arguments = [argument.arg for argument in _arguments(function.args)]
    copy = ast.Module(body=body, type_ignores=[])
    if sum(1 for _ in ast.walk(copy)) < FEWEST_NODES:
        return ""
    names = {name: f"_{index}" for index, name in enumerate(arguments)}
    tree = _Renamed(names).visit(ast.parse(ast.unparse(copy)))
    return f"{len(arguments)}:{ast.dump(tree)}"


class _Renamed(ast.NodeTransformer):
    """Replaces names by their order of appearance, and removes annotations."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def _new(self, name: str) -> str:
        return self.names.setdefault(name, f"_{len(self.names)}")

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self._new(node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(self._new(node.arg))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            return node
        return self.visit(ast.Assign([node.target], node.value))


def _is_docstring_or_check(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.If):
        return all(isinstance(inner, ast.Raise) for inner in statement.body) and not statement.orelse
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def _tree_of(reference: Callable) -> ast.Module:
    return parsed(textwrap.dedent(inspect.getsource(inspect.unwrap(reference))))
