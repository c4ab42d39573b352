"""Replies of a student's process, read without trusting anything in them."""

from __future__ import annotations

from typing import Any

from autograder.judge.executor import CellError
from autograder.wire.text_limits import (
    CUT,
    MESSAGE_CHARACTERS,
    NAME_CHARACTERS,
    OUTPUT_COST,
    TRACEBACK_CHARACTERS,
)


class StudentEnded(BaseException):
    """The student's process has ended or must be stopped: it died, took too long, or broke the protocol.

    It is not an ``Exception``, so that no test cell and no check mistakes it for an error of the answer.
    """

    def __init__(self, error: CellError) -> None:
        super().__init__(str(error))
        self.error = error


class Reply:
    """A reply: its header, whose values are not yet decoded, and the bytes for them.

    Attributes:
        error: the exception of the student's code, with its texts cut; None if there was none.

    Raises:
        StudentEnded: if it is malformed.
    """

    def __init__(self, header: object, body: bytearray) -> None:
        if not isinstance(header, dict):
            raise malformed("it has no header")
        self.header: dict[str, Any] = header
        self.body = body
        self.error = None if header.get("error") is None else _error(header["error"])

    def printed(self) -> str:
        """Return the text printed during a call."""
        text = self.header.get("printed", "")
        if type(text) is not str:
            raise malformed("the printed output is not text")
        return text

    def outputs(self, characters: int) -> list[dict]:
        """Return a cell's outputs, in nbformat's form.

        Args:
            characters: the maximum number of characters.
        """
        listed = self.header.get("outputs")
        if type(listed) is not list:
            raise malformed("a cell's outputs must be a list")
        outputs, sizes = zip(*map(_output, listed), strict=True) if listed else ((), ())
        if sum(sizes) + OUTPUT_COST * (len(sizes) - 1) > characters + len(CUT):
            raise malformed("the output is longer than agreed")
        return list(outputs)


def malformed(reason: object) -> StudentEnded:
    """Return the exception for a process that breaks the protocol."""
    return StudentEnded(CellError("ProtocolError", f"the reply is malformed: {reason}"))


def _error(data: object) -> CellError:
    match data:
        case [str(name), str(message), [*lines]] if all(type(line) is str for line in lines):
            text = "\n".join(lines)[-TRACEBACK_CHARACTERS:]
            traceback = tuple(text.split("\n")) if text else ()
            return CellError(name[:NAME_CHARACTERS], message[:MESSAGE_CHARACTERS], traceback)
    raise malformed("an error must have a name, a message and a traceback")


def _output(data: object) -> tuple[dict, int]:
    """Return an output, rebuilt from its known parts, and its number of characters."""
    match data:
        case {"output_type": "stream", "name": ("stdout" | "stderr") as name, "text": str(text)}:
            return {"output_type": "stream", "name": name, "text": text}, len(text)
        case {"output_type": ("execute_result" | "display_data") as kind, "data": dict(data)}:
            if all(type(content) is str for content in data.values()):
                shown = {"output_type": kind, "data": data, "metadata": {}}
                if kind == "execute_result":
                    shown["execution_count"] = None
                return shown, sum(len(mime) + len(content) for mime, content in data.items())
    raise malformed("an output must be a stream or a displayed object")
