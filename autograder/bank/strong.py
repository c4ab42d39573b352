"""Mutation operators inside a solution that find holes in good checks: detached parts, loops, branches and generators.

An operator takes a place in the tree and yields its replacements. :mod:`autograder.bank.wrapped` contains the operators
that change a function from outside.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from autograder.bank.syntax import Edit, Operator, Place

DETACHED = (ast.BinOp, ast.Call, ast.Name, ast.Subscript, ast.Attribute)
FIRST = "first_"  # the name of a flag that is true in a loop's first round


def detached(place: Place) -> Iterator[Edit]:
    """Yield a term, an argument or an assigned value without its gradient."""
    node = place.node
    term = isinstance(place.parent, ast.Assign | ast.BinOp | ast.Return) or _is_argument(place)
    if term and isinstance(node, DETACHED) and _read(node):
        yield Edit("detach", _called("detached", node))


def detached_in_one_round(place: Place) -> Iterator[Edit]:
    """Yield a loop that detaches an assigned value in its first round, or in all others, or a list's first or last."""
    node = place.node
    if isinstance(node, ast.ListComp):
        for index in (0, -1):
            yield Edit("detach-one", _called("detached_at", ast.Constant(index), node))
    elif isinstance(node, ast.For):
        assigned = [
            i for i, part in enumerate(ast.walk(node)) if isinstance(part, ast.Assign | ast.AugAssign)
        ]
        for number in assigned:
            for first in (True, False):
                loop = copy.deepcopy(node)
                inner = list(ast.walk(loop))[number]
                inner.value = _in_first_round(inner.value, first)
                loop.body.append(_flag(False))
                yield Edit("detach-first" if first else "detach-later", [_flag(True), loop])


def loop_cut(place: Place) -> Iterator[Edit]:
    """Yield a loop or comprehension without its first or its last round."""
    node = place.node
    if isinstance(node, ast.For | ast.comprehension):
        for operator, cut in (("loop-first", "[1:]"), ("loop-last", "[:-1]")):
            other = copy.copy(node)
            other.iter = ast.parse(f"list({ast.unparse(node.iter)}){cut}", mode="eval").body
            yield Edit(operator, other)


def branch_forced(place: Place) -> Iterator[Edit]:
    """Yield an ``if`` whose condition is always true, or always false."""
    node = place.node
    if isinstance(node, ast.If | ast.IfExp):
        for value in (True, False):
            other = copy.copy(node)
            other.test = ast.Constant(value)
            yield Edit("branch", other)


def generator_exchanged(place: Place) -> Iterator[Edit]:
    """Yield a call with a separate generator, or without one."""
    node = place.node
    if isinstance(node, ast.keyword) and node.arg == "generator":
        for code in ("None", "torch.Generator().manual_seed(0)"):
            yield Edit("generator", ast.keyword(node.arg, ast.parse(code, mode="eval").body))
    elif isinstance(node, ast.Name) and node.id == "generator" and _is_argument(place):
        yield Edit("generator", ast.parse("torch.Generator().manual_seed(0)", mode="eval").body)


def gradients_off(place: Place) -> Iterator[Edit]:
    """Yield a whole loop or branch under ``no_grad``."""
    if isinstance(place.node, ast.For | ast.If):
        block = ast.parse("with torch.no_grad():\n    pass").body[0]
        block.body = [place.node]
        yield Edit("no-grad", [block])


def _is_argument(place: Place) -> bool:
    return isinstance(place.parent, ast.Call) and place.field == "args" and not _is_change(place.parent)


def _is_change(call: ast.Call) -> bool:
    return (
        isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "changes"
    )


def _read(node: ast.AST) -> bool:
    return not isinstance(getattr(node, "ctx", ast.Load()), ast.Store)


def _called(change: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Attribute(ast.Name("changes", ast.Load()), change, ast.Load()), list(args), [])


def _in_first_round(value: ast.expr, first: bool) -> ast.IfExp:
    flag: ast.expr = ast.Name(FIRST, ast.Load())
    return ast.IfExp(flag if first else ast.UnaryOp(ast.Not(), flag), _called("detached", value), value)


def _flag(value: bool) -> ast.Assign:
    return ast.Assign([ast.Name(FIRST, ast.Store())], ast.Constant(value))


def operators(gradients: bool) -> tuple[Operator, ...]:
    """Return the operators; those that stop gradients only if there are any."""
    always = (loop_cut, branch_forced, generator_exchanged)
    return (*always, detached, detached_in_one_round, gradients_off) if gradients else always
