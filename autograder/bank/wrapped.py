"""Mutants that change a solution from outside: its arguments, its noise, its results.

The recorded calls decide which mutants make sense, see :class:`autograder.bank.recorder.Recorded`.
"""

from __future__ import annotations

from collections.abc import Iterator

from autograder.bank.recorder import Recorded

VALUES = {  # changes of a tensor of floats, and of a result, by operator
    "squeeze": "lambda a: a.squeeze()",
    "detach": "lambda a: a.detach()",
    "clamp-0": "lambda a: a.clamp(min=0)",
    "clamp-2": "lambda a: a.clamp(-2, 2)",
    "clamp-unit": "lambda a: a.clamp(1e-6, 1 - 1e-6)",
    "abs": "lambda a: a.abs()",
    "round": "lambda a: a.round()",
    "half": "lambda a: changes.narrowed(a, torch.half)",
    "first-row": "changes.first_rows",
    "first-column": "changes.first_columns",
    "half-batch": "changes.half_of_the_rows",
    "flipped": "changes.flipped",
    "rolled": "changes.rolled",
}
FIXED = {
    "fixed-zero": "lambda a: 0 * a",
    "fixed-one": "lambda a: torch.ones_like(a)",
    "fixed-mean": "lambda a: a.mean().expand_as(a)",
}
RESULT = VALUES | {
    "clamp-below-0": "lambda a: a.clamp(max=0)",
    "nan-to-num": "lambda a: a.nan_to_num()",
}
WHOLE = {
    name: VALUES[name] for name in ("squeeze", "clamp-0", "first-row", "half-batch", "flipped", "rolled")
} | {"fixed-zero": "lambda a: 0 * a", "clamp-1": "lambda a: a.clamp(max=1)"}
INTEGER = {
    "at-least-2": "lambda n: max(n, 2)",
    "at-least-3": "lambda n: max(n, 3)",
    "at-most-1": "lambda n: min(n, 1)",
    "at-most-2": "lambda n: min(n, 2)",
    "plus-1": "lambda n: n + 1",
    "minus-1": "lambda n: n - 1",
    "halved": "lambda n: max(1, n // 2)",
}
NUMBER = {
    "abs": "abs",
    "rounded": "lambda a: float(round(a))",
    "negative": "lambda a: -a",
    "fixed-zero": "lambda a: 0.0",
    "fixed-one": "lambda a: 1.0",
    "plus-1": "lambda a: a + 1",
    "half": "lambda a: float(torch.tensor(a).half())",
}
SEVERAL = {
    "reversed": "lambda s: s[::-1]",
    "shortened": "lambda s: s[:1]",
    "all-first": "lambda s: type(s)(s[:1]) * len(s)",
    "all-last": "lambda s: type(s)(s[-1:]) * len(s)",
}
NUMBERS = {
    "at-least-2": "lambda s: type(s)(max(n, 2) for n in s)",
    "plus-1": "lambda s: type(s)(n + 1 for n in s)",
    "sorted": "lambda s: type(s)(sorted(s))",
}
TENSORS = {
    "detach": "changes.detached",
    "detach-first": "lambda s: changes.detached_at(0, s)",
    "detach-last": "lambda s: changes.detached_at(-1, s)",
    "squeeze": "lambda s: [a.squeeze() for a in s]",
    "first-row": "lambda s: [changes.first_rows(a) for a in s]",
    "flipped": "lambda s: [changes.flipped(a) for a in s]",
}
GENERATOR = {
    "own-seed": "lambda g: torch.Generator().manual_seed(0)",
    "initial-seed": "lambda g: torch.Generator().manual_seed(g.initial_seed())",
    "copied": "lambda g: g.clone_state() if hasattr(g, 'clone_state') else torch.Generator().set_state(g.get_state())",
    "global": "lambda g: None",
}
FUNCTION = {
    f"results-{name}": f"changes.results_of({VALUES[name]})"
    for name in ("squeeze", "detach", "clamp-0", "abs", "half", "first-row", "flipped", "rolled")
}
SPOILED = {
    "tensor": {"in-place": "lambda a: a.add_(1)"},
    "list": {"in-place-append": "lambda s: s.append(s[-1])", "in-place-pop": "lambda s: s.pop()"},
}
NOISE = {
    "shared-rows": "lambda h, again: changes.shared(h, 0)",
    "shared-axis-1": "lambda h, again: changes.shared(h, 1) if h.ndim > 2 else h",
    "shared-columns": "lambda h, again: changes.shared(h, -1)",
    "paired-rows": "lambda h, again: changes.paired(h)",
    "half-batch": "lambda h, again: changes.half_of_the_rows(h)",
    "own-seed": "lambda h, again: again(0)",
    "global": "lambda h, again: again(None)",
    "repeated": "changes.Repeated",
}
OTHER_NOISE = {
    "randn": {
        "uniform": "lambda h, again: changes.uniform(h)",
        "rademacher": "lambda h, again: h.sign()",
        "clamp-2": "lambda h, again: h.clamp(-2, 2)",
        "mirrored": "lambda h, again: changes.mirrored(h)",
        "abs": "lambda h, again: h.abs()",
    },
    "rand": {
        "two-points": "lambda u, again: changes.two_points(u)",
        "triangular": "changes.triangular",
        "mirrored": "lambda u, again: 0.5 + changes.mirrored(u - 0.5)",
        "grid": "lambda u, again: (10 * u).floor() / 10",
    },
    "randint": {"even": "lambda k, again: k // 2 * 2", "clamp-1": "lambda k, again: k.clamp(max=1)"},
}
CONTROLS = {  # right answers in a different form, which the checks must accept
    "control-float64": "lambda r: r.double() if r.is_floating_point() else r",
    "control-clone": "lambda r: r.clone()",
    "control-float32": "lambda r: r.float() if r.is_floating_point() else r",
    "control-parameter": "lambda r: torch.nn.Parameter(r) if r.is_floating_point() else r",
    "control-strided": "lambda r: r.mT.contiguous().mT if r.ndim > 1 else r",
}
ROWS = ("squeeze", "first-row", "first-column", "half-batch", "flipped", "rolled")  # a scalar has no rows
PARTS = (
    "squeeze",
    "detach",
    "clamp-0",
    "half",
    "first-row",
    "rolled",
)  # also applied to each part of a result
CHANGES = {
    "float tensor": VALUES | FIXED,
    "float scalar": {name: VALUES[name] for name in ("detach", "clamp-0", "abs", "round", "half")} | FIXED,
    "whole tensor": WHOLE,
    "int": INTEGER,
    "float": NUMBER,
    "bool": {"negated": "lambda b: not b"},
    "generator": GENERATOR,
    "function": FUNCTION,
    "list of float tensor": TENSORS | SEVERAL,
    "tuple of int": NUMBERS | SEVERAL,
    "tuple of float": SEVERAL,
    "list of int": NUMBERS | SEVERAL,
    "list of float": SEVERAL,
}


def decorators(about: Recorded) -> Iterator[tuple[str, str]]:
    """Yield the name of an operator and the decorator, as code, for each mutant of a function."""
    for name, kinds in about.kinds.items():
        yield from _of_argument(name, {kind.removesuffix(" with gradient") for kind in kinds}, about)
    yield from _of_result(about)
    for name, count in about.draws.items():
        yield from _of_noise(name, count)


def controls(about: Recorded) -> Iterator[tuple[str, str]]:
    """Yield the name and the decorator of each control: a right answer in a form that must not matter."""
    if any(kind.split(" of ")[-1].startswith("float tensor") for kind in about.results):
        for operator, change in CONTROLS.items():
            if operator != "control-parameter" or not about.gradients:
                yield operator, f"changes.result({change})"
    if about.parts and all(kind.startswith("tuple") for kind in about.results):
        yield "control-named-tuple", "changes.whole_result(changes.named)"


def _of_argument(name: str, kinds: set[str], about: Recorded) -> Iterator[tuple[str, str]]:
    chosen = {
        operator: change for kind in sorted(kinds) for operator, change in CHANGES.get(kind, {}).items()
    }
    if not about.gradients:
        chosen.pop("detach", None)
    chosen |= {f"fixed {value}": f"lambda a: {value}" for value in about.values.get(name, [])}
    if "NoneType" in kinds:
        optional = {"fixed None": "lambda a: None"}
        chosen = optional | {k: _unless_none(v) for k, v in chosen.items() if k != "fixed None"}
    for operator, change in chosen.items():
        yield f"{operator} {name}", f"changes.argument({name!r}, {change})"
    for kind, spoiled in SPOILED.items():
        if any(kind in one.split(" of ")[0] for one in kinds):
            for operator, change in spoiled.items():
                yield f"{operator} {name}", f"changes.spoiled({name!r}, {change})"


def _unless_none(change: str) -> str:
    return f"lambda x: x if x is None else ({change})(x)"


def _of_result(about: Recorded) -> Iterator[tuple[str, str]]:
    tensors = any("tensor" in kind or "scalar" in kind for kind in about.results)
    numbers = any(kind == "float" or kind.endswith("of float") for kind in about.results)
    scalars = not any("tensor" in kind for kind in about.results)
    for operator, change in (RESULT if tensors else NUMBER if numbers else {}).items():
        if scalars and operator in ROWS:
            continue
        yield f"{operator} result", f"changes.result({change})"
        if operator in PARTS and about.parts < 5 and (about.gradients or operator != "detach"):
            for part in range(about.parts):
                yield f"{operator} result[{part}]", f"changes.result({change}, part={part})"


def _of_noise(name: str, count: int) -> Iterator[tuple[str, str]]:
    chosen = NOISE | OTHER_NOISE.get(name, {})
    for operator, change in chosen.items():
        yield f"noise-{operator} {name}", f"changes.draws({name!r}, {change})"
    for index in sorted({0, 1, count - 1}) if count > 1 else []:
        for operator in ("own-seed", "global", "shared-rows"):
            change = chosen[operator]
            yield f"noise-{operator} {name}[{index}]", f"changes.draws({name!r}, {change}, only={index})"
