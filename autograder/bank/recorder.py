"""Record the arguments that checks pass to an answer, and its results, for the mutation engine."""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch

MARK = "\x1e"  # begins a printed line that is a call
DRAWS = (
    "randn",
    "rand",
    "randint",
    "randperm",
    "multinomial",
    "bernoulli",
    "normal",
    "poisson",
    "randn_like",
)
GRADIENT = " with gradient"
SIMPLE = (bool, int, float, str, type(None))


@dataclass
class Recorded:
    """A summary of the recorded calls of one function.

    Attributes:
        kinds: for each argument, the kinds of its values.
        values: for each argument, its plain values (numbers, strings, tuples of them), as Python code.
        results: the kinds of the results.
        parts: the length of the returned tuple or list; 0 if results are neither, or their lengths differ.
        draws: the largest number of draws within one call, by the name of torch's function.
        digests: a digest of each call's result, in order.
    """

    kinds: dict[str, set[str]] = field(default_factory=dict)
    values: dict[str, list[str]] = field(default_factory=dict)
    results: set[str] = field(default_factory=set)
    parts: int = 0
    draws: dict[str, int] = field(default_factory=dict)
    digests: list[str] = field(default_factory=list)

    @property
    def gradients(self) -> bool:
        """Whether a gradient can flow to an argument or from a result."""
        return any(GRADIENT in kind for kinds in (*self.kinds.values(), self.results) for kind in kinds)


def recorded(function: Callable) -> Callable:
    """Decorate a function to print one line per call with its arguments, draws and result."""

    @functools.wraps(function)
    def changed(*args: Any, **kwargs: Any) -> Any:
        bound = inspect.signature(function).bind(*args, **kwargs)
        bound.apply_defaults()
        call = {name: (_kind(value), _literal(value)) for name, value in bound.arguments.items()}
        with _counted() as draws:
            answer = function(*args, **kwargs)
        about = {"name": function.__qualname__, "arguments": call, "draws": draws, "result": _kind(answer)}
        about |= {"parts": len(answer) if isinstance(answer, tuple | list) else 0, "digest": _digest(answer)}
        print(MARK + json.dumps(about))
        return answer

    return changed


def read_calls(texts: Iterable[str], visible: Sequence[bool]) -> dict[str, Recorded]:
    """Return the recorded calls of each function, by qualified name, from the output of test cells.

    Args:
        texts: the output of each test cell.
        visible: whether each test cell is visible; plain values are kept only from visible cells.
    """
    found: dict[str, Recorded] = {}
    for text, shown in zip(texts, visible, strict=True):
        for line in text.split("\n"):
            if line.startswith(MARK):
                call = json.loads(line[1:])
                _add(found.setdefault(call["name"], Recorded()), call, shown)
    return found


def _add(about: Recorded, call: dict, visible: bool) -> None:
    for name, (kind, literal) in call["arguments"].items():
        about.kinds.setdefault(name, set()).add(kind)
        known = about.values.setdefault(name, [])
        if visible and literal is not None and literal not in known:
            known.append(literal)
    about.parts = call["parts"] if not about.digests or about.parts == call["parts"] else 0
    about.results.add(call["result"])
    about.digests.append(call["digest"])
    for name, count in call["draws"].items():
        about.draws[name] = max(about.draws.get(name, 0), count)


def _kind(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        kind = "float" if value.is_floating_point() else "whole"
        return f"{kind} {'tensor' if value.ndim else 'scalar'}{GRADIENT * value.requires_grad}"
    if isinstance(value, tuple | list):
        kinds = {_kind(part) for part in value}
        plain = "/".join(sorted({kind.removesuffix(GRADIENT) for kind in kinds}))
        return f"{type(value).__name__} of {plain}{GRADIENT * any(GRADIENT in kind for kind in kinds)}"
    if isinstance(value, torch.Generator | torch.nn.Module):
        return "generator" if isinstance(value, torch.Generator) else "model"
    if isinstance(value, SIMPLE):
        return type(value).__name__
    return "function" if callable(value) else "object"


def _literal(value: Any) -> str | None:
    plain = isinstance(value, SIMPLE) or (
        isinstance(value, tuple | list) and all(isinstance(part, SIMPLE) for part in value)
    )
    text = repr(value)
    return text if plain and len(text) <= 60 and "nan" not in text and "inf" not in text else None


def _digest(value: Any) -> str:
    if isinstance(value, tuple | list):
        return "(" + ", ".join(_digest(part) for part in value) + ")"
    if isinstance(value, torch.Tensor):
        content = value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        about = f"{value.dtype}{tuple(value.shape)}{value.requires_grad}"
        return f"{about}{hashlib.sha256(content).hexdigest()[:16]}"
    return repr(value)[:200] if isinstance(value, SIMPLE) else type(value).__name__


@contextmanager
def _counted() -> Iterator[dict[str, int]]:
    """Count the calls of torch's functions that draw."""
    counts: dict[str, int] = {}
    with ExitStack() as stack:
        for name in DRAWS:
            draw = getattr(torch, name)
            setattr(torch, name, _counting(name, draw, counts))
            stack.callback(setattr, torch, name, draw)
        yield counts


def _counting(name: str, draw: Callable, counts: dict[str, int]) -> Callable:
    def drawn(*args: Any, **kwargs: Any) -> torch.Tensor:
        counts[name] = counts.get(name, 0) + 1
        return draw(*args, **kwargs)

    return drawn
