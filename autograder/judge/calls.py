"""A call of a student's function as it was written, so that it can be asked again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor

from autograder.wire.arguments import ArgumentEncoder


class Call:
    """A call as it was written, so that it can be asked again."""

    def __init__(
        self, name: str, request: dict, writer: ArgumentEncoder, places: Sequence[int | str]
    ) -> None:
        self.name, self.request = name, request
        self.places = places  # of the arguments: position from 1, or name
        self.buffers: list[memoryview | bytes] = writer.buffers
        self.generators = writer.generators
        self.has_objects = writer.has_objects  # whose state may be another when they are handed over again
        self.result: Any = None
        self.seconds = 0.0

    def keep(self, result: Any, seconds: float) -> None:
        """Take copies: the test cell may write into the arguments and the result."""
        self.buffers = [bytes(buffer) for buffer in self.buffers]
        self.result, self.seconds = _copied(result), seconds


def _copied(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, np.ndarray):
        return value.copy()
    if type(value) in (list, tuple):
        return type(value)(map(_copied, value))
    if type(value) is dict:
        return {key: _copied(entry) for key, entry in value.items()}
    return value
