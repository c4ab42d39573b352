"""What came back from a student's process, read by one who trusts nothing in it."""

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
    """The student's process is gone, or must go: it died, took too long, or did not keep to the protocol.

    No ``Exception``, so that no test cell and no check mistakes it for an answer.
    """

    def __init__(self, error: CellError) -> None:
        super().__init__(str(error))
        self.error = error


class Reply:
    """An answer: its header, in it values that are still to be read, and the bytes for them.

    Attributes:
        error: what was raised over there, in words of the submission, as many of them as fit; None if nothing was.

    Raises:
        StudentEnded: if it is not built as one.
    """

    def __init__(self, header: object, body: bytearray) -> None:
        if not isinstance(header, dict):
            raise malformed("it has no header")
        self.header: dict[str, Any] = header
        self.body = body
        self.error = None if header.get("error") is None else _error(header["error"])

    def printed(self) -> str:
        """What was printed during a call."""
        text = self.header.get("printed", "")
        if type(text) is not str:
            raise malformed("what was printed is no text")
        return text

    def outputs(self, characters: int) -> list[dict]:
        """What a cell printed and displayed, in nbformat's form, as much of it as was agreed on."""
        told = self.header.get("outputs")
        if type(told) is not list:
            raise malformed("a cell has a list of outputs")
        outputs, sizes = zip(*map(_output, told), strict=True) if told else ((), ())
        if sum(sizes) + OUTPUT_COST * (len(sizes) - 1) > characters + len(CUT):
            raise malformed("more was printed than agreed on")
        return list(outputs)


def malformed(how: object) -> StudentEnded:
    """Return what ends the conversation with a process that does not keep to the protocol."""
    return StudentEnded(CellError("ProtocolError", f"the reply is malformed: {how}"))


def _error(told: object) -> CellError:
    match told:
        case [str(name), str(message), [*lines]] if all(type(line) is str for line in lines):
            text = "\n".join(lines)[-TRACEBACK_CHARACTERS:]
            traceback = tuple(text.split("\n")) if text else ()
            return CellError(name[:NAME_CHARACTERS], message[:MESSAGE_CHARACTERS], traceback)
    raise malformed("an error has a name, a message and a traceback")


def _output(told: object) -> tuple[dict, int]:
    """Return an output, built anew of the parts that are known, and its number of characters."""
    match told:
        case {"output_type": "stream", "name": ("stdout" | "stderr") as name, "text": str(text)}:
            return {"output_type": "stream", "name": name, "text": text}, len(text)
        case {"output_type": ("execute_result" | "display_data") as kind, "data": dict(data)}:
            if all(type(content) is str for content in data.values()):
                shown = {"output_type": kind, "data": data, "metadata": {}}
                if kind == "execute_result":
                    shown["execution_count"] = None
                return shown, sum(len(mime) + len(content) for mime, content in data.items())
    raise malformed("an output is a stream or a displayed object")
