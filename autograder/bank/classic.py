"""The classic mutation operators: each changes one operator, sign, term, constant, axis, reduction or statement.

An operator takes a place in the tree and yields its replacements. Checks with an oracle kill nearly all these mutants.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from autograder.bank.syntax import Edit, Place

SWAPPED = {ast.Add: [ast.Sub], ast.Sub: [ast.Add], ast.Mult: [ast.Div, ast.Add], ast.Div: [ast.Mult]}
SWAPPED |= {ast.Pow: [ast.Mult], ast.FloorDiv: [ast.Div], ast.Mod: [ast.FloorDiv]}
BOUNDARIES = {ast.Lt: [ast.LtE, ast.Gt], ast.LtE: [ast.Lt, ast.GtE], ast.Gt: [ast.GtE, ast.Lt]}
BOUNDARIES |= {ast.GtE: [ast.Gt, ast.LtE], ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq], ast.Is: [ast.IsNot]}
BOUNDARIES |= {ast.IsNot: [ast.Is]}
TERMS, HOLDERS = (ast.BinOp, ast.Call, ast.Name), (ast.BinOp, ast.Return, ast.Assign)
REDUCTIONS = ("sum", "mean", "logsumexp", "prod", "amax")
REDUCED = {name: [other for other in REDUCTIONS if other != name] for name in REDUCTIONS} | {"max": ["min"]}
KEPT_CALLS = {"size", "numel", "item", "tolist", "append", "insert"}  # they do not return a changed tensor
MODULES = {"torch", "math", "np", "F"}  # their functions are applied to the first argument
HARMLESS = ("generator", "strict", "dtype")  # dropping these is right, or left to another operator
AXES = ("dim", "axis", "dims")


def operator_swapped(place: Place) -> Iterator[Edit]:
    """Yield a different operator: - for +, / for *, and so on."""
    node = place.node
    if isinstance(node, ast.BinOp):
        for other in SWAPPED.get(type(node.op), []):
            yield Edit("operator", ast.BinOp(node.left, other(), node.right))


def sign_changed(place: Place) -> Iterator[Edit]:
    """Yield the negative of a term, an argument or a result, or drop its minus."""
    node = place.node
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield Edit("sign", node.operand)
    elif isinstance(node, TERMS) and isinstance(place.parent, HOLDERS) and _loaded(node):
        yield Edit("sign", ast.UnaryOp(ast.USub(), node))


def term_dropped(place: Place) -> Iterator[Edit]:
    """Yield one side of a sum or product."""
    node = place.node
    if isinstance(node, ast.BinOp):
        yield Edit("dropped", node.left)
        negative = isinstance(node.op, ast.Sub)
        yield Edit("dropped", ast.UnaryOp(ast.USub(), node.right) if negative else node.right)


def constant_changed(place: Place) -> Iterator[Edit]:
    """Yield a different number or the other truth value."""
    node = place.node
    if not isinstance(node, ast.Constant) or getattr(place.parent, "arg", "") in HARMLESS:
        return
    value = node.value
    if isinstance(value, bool):
        others: list = [not value]
    elif isinstance(value, int):
        others = [value + 1, value - 1]
    elif isinstance(value, float):
        others = [2.0 * value, value + 1.0, 0.0] if value else [1.0]
    else:
        others = []
    for other in others:
        yield Edit("constant", ast.Constant(other))


def boundary_moved(place: Place) -> Iterator[Edit]:
    """Yield a different comparison: <= for <, and so on."""
    node = place.node
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for other in BOUNDARIES.get(type(node.ops[0]), []):
            yield Edit("comparison", ast.Compare(node.left, [other()], node.comparators))


def axis_moved(place: Place) -> Iterator[Edit]:
    """Yield a different axis in ``dim=…``."""
    node = place.node
    if isinstance(node, ast.keyword) and node.arg in AXES:
        text = ast.unparse(node.value)
        for other in ("0", "1", "-1", "-2"):
            if other != text:
                yield Edit("axis", ast.keyword(node.arg, ast.parse(other, mode="eval").body))


def keyword_dropped(place: Place) -> Iterator[Edit]:
    """Yield a call without one of its keywords."""
    node = place.node
    if isinstance(node, ast.Call):
        for keyword in node.keywords:
            if keyword.arg is not None and keyword.arg not in HARMLESS:
                kept = [other for other in node.keywords if other is not keyword]
                yield Edit("keyword", ast.Call(node.func, node.args, kept))


def reduction_exchanged(place: Place) -> Iterator[Edit]:
    """Yield a different reduction: mean for sum, and so on."""
    node = place.node
    if isinstance(node, ast.Attribute):
        for other in REDUCED.get(node.attr, []):
            yield Edit("reduction", ast.Attribute(node.value, other, node.ctx))


def call_dropped(place: Place) -> Iterator[Edit]:
    """Yield the argument of a function or method, which drops exp, sqrt, squeeze or a transpose."""
    node = place.node
    if isinstance(node, ast.Attribute) and node.attr in ("T", "mT"):
        yield Edit("call", node.value)
    elif (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr not in KEPT_CALLS
    ):
        if _root(node.func) not in MODULES:
            yield Edit("call", node.func.value)
        elif node.args and not isinstance(node.args[0], ast.Starred):
            yield Edit("call", node.args[0])


def root_changed(place: Place) -> Iterator[Edit]:
    """Yield the root of a denominator, or the square of a factor."""
    node = place.node
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div | ast.Mult):
        power = ast.Constant(0.5 if isinstance(node.op, ast.Div) else 2)
        yield Edit("root", ast.BinOp(node.left, node.op, ast.BinOp(node.right, ast.Pow(), power)))


def arguments_swapped(place: Place) -> Iterator[Edit]:
    """Yield a call, tuple or list with two neighbors swapped."""
    node = place.node
    if isinstance(node, ast.Call):
        for args in _swapped(node.args):
            yield Edit("swapped", ast.Call(node.func, args, node.keywords))
    elif isinstance(node, ast.Tuple | ast.List) and isinstance(node.ctx, ast.Load):
        for elements in _swapped(node.elts):
            yield Edit("swapped", type(node)(elements, node.ctx))


def slice_changed(place: Place) -> Iterator[Edit]:
    """Yield a slice without its lower or upper end."""
    node = place.node
    if isinstance(node, ast.Slice):
        if node.lower is not None:
            yield Edit("slice", ast.Slice(None, node.upper, node.step))
        if node.upper is not None:
            yield Edit("slice", ast.Slice(node.lower, None, node.step))


def statement_removed(place: Place) -> Iterator[Edit]:
    """Yield ``pass`` instead of a statement."""
    if isinstance(place.node, ast.Assign | ast.AugAssign | ast.Expr | ast.If):
        yield Edit("removed", ast.Pass())


def returned_early(place: Place) -> Iterator[Edit]:
    """Yield an assignment followed by a return of its value."""
    node = place.node
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        value = ast.Return(ast.Name(node.targets[0].id, ast.Load()))
        yield Edit("early", [copy.copy(node), value])


def _swapped(parts: list[ast.expr]) -> Iterator[list[ast.expr]]:
    for index in range(len(parts) - 1):
        pair = parts[index : index + 2]
        if not any(isinstance(part, ast.Starred) for part in pair):
            yield [*parts[:index], pair[1], pair[0], *parts[index + 2 :]]


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _loaded(node: ast.AST) -> bool:
    return not isinstance(getattr(node, "ctx", ast.Load()), ast.Store)


OPERATORS = (
    *(operator_swapped, sign_changed, term_dropped, constant_changed, boundary_moved, axis_moved),
    *(keyword_dropped, reduction_exchanged, call_dropped, root_changed, arguments_swapped, slice_changed),
    *(statement_removed, returned_early),
)
