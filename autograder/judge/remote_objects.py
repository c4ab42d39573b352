"""The objects that represent functions, classes and instances of the student's process in a test cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Protocol


class ObjectOwner(Protocol):
    """The methods of a conversation that its objects use; see :mod:`autograder.judge.proxies`."""

    def forbid(self, references: Sequence[Callable]) -> None: ...

    def call(self, target: RemoteObject, arguments: tuple, keywords: dict) -> Any: ...

    def get(self, number: int, name: str) -> Any: ...


class RemoteObject:
    """A function, class or instance of the student's process. It can be called, and has its public attributes.

    Nothing else works, on purpose: an object cannot pretend to be a number, or to be equal to one.
    """

    __slots__ = ("_called", "_conversation", "_kind", "_number", "_stateful")
    __hash__ = object.__hash__

    def __init__(self, conversation: ObjectOwner, number: int, kind: str) -> None:
        for name, value in (
            ("_conversation", conversation),
            ("_number", number),
            ("_kind", kind),
            ("_called", f"an object of type {kind}"),
            ("_stateful", True),  # its results may depend on earlier calls
        ):
            object.__setattr__(self, name, value)

    def __guard__(self, references: Sequence[Callable]) -> RemoteObject:
        """Forbid calls of the library's own versions of the exercise; see :mod:`dgm_helpers.checks.guard`."""
        self._conversation.forbid(references)
        return self

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self._conversation.call(self, arguments, keywords)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"{self._called} has no public attribute {name}")
        return self._conversation.get(self._number, name)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("an object of the student's process can be called and read, but not changed")

    def __eq__(self, other: object) -> bool:
        raise TypeError(f"{self._called} is not a number or a tensor, so it cannot be compared")

    def __bool__(self) -> bool:
        raise TypeError(f"{self._called} is neither true nor false")

    def __repr__(self) -> str:
        return f"<{self._called}>"


def remote(conversation: ObjectOwner, number: int, kind: str) -> RemoteObject:
    """Return a remote object whose type has the name of the type that it represents, for the checks' messages."""
    name = kind if kind.isascii() and kind.isidentifier() else "object"
    return _remote_type(name)(conversation, number, name)


@lru_cache(maxsize=100)
def _remote_type(name: str) -> type[RemoteObject]:
    return type(name, (RemoteObject,), {"__slots__": (), "__hash__": object.__hash__})


def number_of(value: Any) -> int | None:
    return value._number if isinstance(value, RemoteObject) else None
