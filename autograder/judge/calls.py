"""Encoded calls of a student's function, kept so that they can be repeated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograder.wire.arguments import ArgumentEncoder
from dgm_helpers.checks.copies import copied


class Call:
    """An encoded call, which can be repeated.

    Args:
        name: the name of the function, for messages.
        request: the request to the student's process.
        writer: the encoder that wrote the arguments.
        places: the position (from 1) or name of each argument.
    """

    def __init__(
        self, name: str, request: dict, writer: ArgumentEncoder, places: Sequence[int | str]
    ) -> None:
        self.name, self.request = name, request
        self.places = places
        self.buffers: list[memoryview | bytes] = writer.buffers
        self.generators = writer.generators
        self.has_objects = writer.has_objects  # their state may have changed when the call is repeated
        self.result: Any = None
        self.seconds = 0.0

    def keep(self, result: Any, seconds: float) -> None:
        """Keep copies of arguments and result, because the test cell may change them in place."""
        self.buffers = [bytes(buffer) for buffer in self.buffers]
        self.result, self.seconds = copied(result), seconds
