"""Decorators that make a right function wrong: mutants put them above the function of a solution cell.

``@argument("mu", lambda a: a.squeeze())`` changes an argument of the function, ``@result(...)`` its result, and
``@draws("randn", ...)`` the noise that it draws. A change is a function of one tensor, number or object.
"""

from __future__ import annotations

import functools
import inspect
from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

Change = Callable[[Any], Any]
Decorator = Callable[[Callable], Callable]


def each(change: Change, value: Any, part: int | None = None) -> Any:
    """Change a value, or each part of a tuple or list, or only one of its parts."""
    if not isinstance(value, tuple | list):
        return change(value)
    parts = [each(change, v) if part in (None, i) else v for i, v in enumerate(value)]
    return parts if isinstance(value, list) else tuple(parts)


def argument(name: str, change: Change) -> Decorator:
    """Change one of a function's arguments."""

    def decorate(function: Callable) -> Callable:
        @functools.wraps(function)
        def changed(*args: Any, **kwargs: Any) -> Any:
            bound = _bound(function, args, kwargs)
            bound.arguments[name] = change(bound.arguments[name])
            return function(*bound.args, **bound.kwargs)

        return changed

    return decorate


def spoiled(name: str, change: Change) -> Decorator:
    """Change one of a function's arguments in place after the result has been computed."""

    def decorate(function: Callable) -> Callable:
        @functools.wraps(function)
        def changed(*args: Any, **kwargs: Any) -> Any:
            given = _bound(function, args, kwargs).arguments[name]
            answer = function(*args, **kwargs)
            with torch.no_grad():
                change(given.detach() if isinstance(given, torch.Tensor) else given)
            return answer

        return changed

    return decorate


def result(change: Change, part: int | None = None) -> Decorator:
    """Change a function's result; of a tuple or list, change each part, or only the given one."""

    def decorate(function: Callable) -> Callable:
        @functools.wraps(function)
        def changed(*args: Any, **kwargs: Any) -> Any:
            return each(change, function(*args, **kwargs), part)

        return changed

    return decorate


def whole_result(change: Change) -> Decorator:
    """Change a function's result as a whole, even if it is a tuple."""

    def decorate(function: Callable) -> Callable:
        @functools.wraps(function)
        def changed(*args: Any, **kwargs: Any) -> Any:
            return change(function(*args, **kwargs))

        return changed

    return decorate


def draws(name: str, change: Callable[[torch.Tensor, Callable], Any], only: int | None = None) -> Decorator:
    """Change the result of ``torch.NAME`` while a function runs.

    Args:
        name: a function of torch that draws, for example ``randn``.
        change: a function of the draw, and of a function that repeats the draw with a new generator, given a seed.
            If it is a class, each call of the decorated function gets an instance.
        only: the number of the draw to change within one call of the function; None changes all draws.
    """

    def decorate(function: Callable) -> Callable:
        @functools.wraps(function)
        def changed(*args: Any, **kwargs: Any) -> Any:
            with _patched(name, change() if isinstance(change, type) else change, only):
                return function(*args, **kwargs)

        return changed

    return decorate


@contextmanager
def _patched(name: str, change: Callable, only: int | None) -> Iterator[None]:
    draw, count = getattr(torch, name), 0

    def drawn(*args: Any, **kwargs: Any) -> torch.Tensor:
        nonlocal count
        count += 1

        def again(seed: int | None) -> torch.Tensor:
            own = torch.Generator().manual_seed(seed) if seed is not None else None
            return draw(*args, **{**kwargs, "generator": own})

        right = draw(*args, **kwargs)
        return change(right, again) if only in (None, count - 1) else right

    setattr(torch, name, drawn)
    try:
        yield
    finally:
        setattr(torch, name, draw)


def _bound(function: Callable, args: tuple, kwargs: dict) -> inspect.BoundArguments:
    bound = inspect.signature(function).bind(*args, **kwargs)
    bound.apply_defaults()
    return bound


def detached(value: Any) -> Any:
    """Detach a tensor, or those of a tuple or list; return anything else unchanged."""
    if isinstance(value, tuple | list):
        return each(detached, value)
    return value.detach() if isinstance(value, torch.Tensor) else value


def detached_at(index: int, values: list) -> list:
    """Detach one entry of a list."""
    return [detached(value) if i == index % len(values) else value for i, value in enumerate(values)]


def results_of(change: Change) -> Change:
    """Return a change of a function that changes its result."""
    return lambda function: result(change)(function)


def first_rows(x: torch.Tensor) -> torch.Tensor:
    """Replace every row by the first one."""
    return x[:1].expand_as(x) if x.ndim else x


def first_columns(x: torch.Tensor) -> torch.Tensor:
    """Replace every entry along the last axis by the first one."""
    return x[..., :1].expand_as(x) if x.ndim else x


def half_of_the_rows(x: torch.Tensor) -> torch.Tensor:
    """Replace the second half of the rows by the first half."""
    return x[torch.arange(len(x)) % max(1, len(x) // 2)] if x.ndim else x


def flipped(x: torch.Tensor) -> torch.Tensor:
    """Reverse the rows."""
    return x.flip(0) if x.ndim else x


def rolled(x: torch.Tensor) -> torch.Tensor:
    """Move each row down by one; the last becomes the first."""
    return x.roll(1, 0) if x.ndim else x


def narrowed(x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Round to a narrower dtype, then convert back to the tensor's dtype."""
    return x.to(dtype).to(x.dtype) if x.is_floating_point() else x


def mirrored(x: torch.Tensor) -> torch.Tensor:
    """Replace the second half of the rows by the negative of the first half."""
    if not x.ndim or len(x) < 2:
        return x
    half = x[: (len(x) + 1) // 2]
    return torch.cat([half, -half])[: len(x)]


def shared(x: torch.Tensor, axis: int) -> torch.Tensor:
    """Replace every entry along an axis by the first one; if there is no such axis, change nothing."""
    return x.narrow(axis, 0, 1).expand_as(x).clone() if -x.ndim <= axis < x.ndim and x.numel() else x


def named(values: tuple) -> tuple:
    """Turn a tuple into a named tuple."""
    return namedtuple("Answer", [f"part_{i}" for i in range(len(values))])(*values)


def paired(x: torch.Tensor) -> torch.Tensor:
    """Give every second row the values of the row before it."""
    return x[torch.arange(len(x)) // 2 * 2] if x.ndim else x


def uniform(x: torch.Tensor) -> torch.Tensor:
    """Map standard normal draws to uniform ones with the same two moments."""
    return (2 * torch.special.ndtr(x) - 1) * 3**0.5


def two_points(x: torch.Tensor) -> torch.Tensor:
    """Map uniform draws on [0, 1) to two points with the same two moments."""
    return 0.5 + (x - 0.5).sign() / 12**0.5


def triangular(x: torch.Tensor, again: Callable[[int], torch.Tensor]) -> torch.Tensor:
    """Replace uniform draws by the mean of two, stretched to the same variance."""
    return (0.5 + (x + again(int(x.sum() * 1e6)) - 1) / 2**0.5).clamp(0, 1)


class Repeated:
    """A change that returns the first draw of a shape again for every later one."""

    def __init__(self) -> None:
        self.first: dict[tuple, torch.Tensor] = {}

    def __call__(self, x: torch.Tensor, _again: Callable) -> torch.Tensor:
        return self.first.setdefault(tuple(x.shape), x)
