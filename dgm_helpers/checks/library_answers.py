"""Detection of answers that call the library's version of the exercise, by whatever name they call it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

from dgm_helpers.checks.failure import CheckFailed

MESSAGE = "this is the library's answer to this exercise; write your own"
CodeKey = tuple[str, str]


class LibraryAnswer(CheckFailed):
    """An answer calls the library's version of its exercise."""


def library_answer(name: str) -> LibraryAnswer:
    """Return the failure of an answer that called the library's version of its exercise."""
    error = LibraryAnswer(f"{name}: {MESSAGE}")
    error.hint = MESSAGE
    return error


def code_keys(references: Iterable[Callable]) -> frozenset[CodeKey]:
    """Return the file and the qualified name of the code of these functions and classes, decorators removed.

    Args:
        references: library functions and classes; of a class, every method counts.
    """
    keys = set()
    for reference in references:
        members = vars(reference).values() if inspect.isclass(reference) else [reference]
        keys |= {_key(code) for member in members if (code := _code(member)) is not None}
    return frozenset(keys)


@contextmanager
def watch(keys: frozenset[CodeKey]) -> Iterator[list[CodeKey]]:
    """Record calls of code with these keys in this thread, by whatever name it is called.

    Yields:
        A list to which the key of each such call is added.
    """
    seen: list[CodeKey] = []
    if not keys:
        yield seen
        return
    before = sys.gettrace()

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        if _key(frame.f_code) in keys:
            seen.append(_key(frame.f_code))
        return before(frame, event, argument) if before is not None else None

    sys.settrace(trace)
    try:
        yield seen
    finally:
        sys.settrace(before)


def _code(member: object) -> CodeType | None:
    if isinstance(member, property):
        member = member.fget
    member = getattr(member, "__func__", member)  # static and class methods
    return getattr(inspect.unwrap(member), "__code__", None) if callable(member) else None


def _key(code: CodeType) -> CodeKey:
    return code.co_filename, code.co_qualname
