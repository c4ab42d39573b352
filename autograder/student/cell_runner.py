"""Run code cells as a notebook does, and record their outputs."""

from __future__ import annotations

import base64
import io
import sys
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from autograder.wire.text_limits import CUT, MESSAGE_CHARACTERS, OUTPUT_COST, TRACEBACK_CHARACTERS


class Recorder:
    """The outputs of one cell, in nbformat's form, up to a number of characters."""

    def __init__(self, characters: int) -> None:
        self.outputs: list[dict] = []
        self.error: list | None = None  # class name, message, traceback's parts
        self.left = characters

    def write(self, stream: str, text: str) -> None:
        """Add text to stdout or stderr, up to the limit."""
        if self.left <= 0 or not text:
            return
        last = self.outputs[-1] if self.outputs else {}
        if last.get("name") != stream:
            last = {"output_type": "stream", "name": stream, "text": []}
            self.outputs.append(last)
            self.left -= OUTPUT_COST
        last["text"].append(text if len(text) <= self.left else text[: max(self.left, 0)] + CUT)
        self.left -= len(text)

    def show(self, kind: str, data: dict[str, Any]) -> None:
        """Add a displayed object, in those of its formats that are text and fit the limit."""
        bundle, self.left = {}, self.left - OUTPUT_COST
        for mime, content in data.items():
            content = base64.b64encode(content).decode() if isinstance(content, bytes) else content
            if isinstance(content, str) and len(mime) + len(content) <= self.left:
                bundle[mime] = content
                self.left -= len(mime) + len(content)
        if bundle:
            count = {"execution_count": None} if kind == "execute_result" else {}
            self.outputs.append({"output_type": kind, "data": bundle, "metadata": {}, **count})

    def finished(self) -> dict:
        """Return outputs and error as plain data for JSON."""
        for output in self.outputs:
            if output["output_type"] == "stream":
                output["text"] = "".join(output["text"])
        return {"outputs": self.outputs, "error": self.error}


class _Stream(io.TextIOBase):
    encoding = "utf-8"

    def __init__(self, shell: GradingShell, name: str) -> None:
        self.shell, self.stream_name = shell, name

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.shell.recorder.write(self.stream_name, text)
        return len(text)


class _ResultHook(DisplayHook):
    """A hook that records the value of a cell's last line as an ``execute_result``."""

    def write_output_prompt(self) -> None:
        """Write nothing: a notebook has its prompts in the margin."""

    def write_format_data(self, format_dict: dict, md_dict: dict | None = None) -> None:
        self.shell.recorder.show("execute_result", format_dict)

    def log_output(self, format_dict: dict) -> None:
        """Keep nothing for later cells."""

    def finish_displayhook(self) -> None:
        self._is_active = False


class _Publisher(DisplayPublisher):
    """A publisher that records the arguments of ``display`` as ``display_data``."""

    def publish(self, data: dict, metadata: dict | None = None, *_: object, **__: object) -> None:
        self.shell.recorder.show("display_data", data)

    def clear_output(self, wait: bool = False) -> None:
        self.shell.recorder.outputs.clear()


class GradingShell(InteractiveShell):
    """IPython without a terminal: outputs and errors go to the recorder of the current cell."""

    displayhook_class = Type(_ResultHook)
    display_pub_class = Type(_Publisher)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.recorder = Recorder(0)
        super().__init__(*args, **kwargs)

    def _showtraceback(self, etype: type, evalue: BaseException, stb: list[str]) -> None:
        text = "\n".join(stb) if isinstance(stb, list) else str(stb)
        if len(text) > TRACEBACK_CHARACTERS:  # the end of a traceback names the error
            text = CUT + text[-TRACEBACK_CHARACTERS:]
        self.recorder.error = [etype.__name__, message_of(evalue), text.split("\n")]

    def system(self, cmd: str) -> None:
        """Print that ``!command`` is not run; a cell does not fail because it tried."""
        print(f"!{cmd}: not run, because grading does not start other programs")

    def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> list[str]:
        """Print that ``x = !command`` is not run, and return no lines."""
        self.system(cmd)
        return []

    def enable_gui(self, gui: str | None = None) -> None:
        """Do nothing for ``%matplotlib``: no window can be opened."""


class CellRunner:
    """A fresh interpreter that runs one cell after the other."""

    def __init__(self, folder: str) -> None:
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        config.InteractiveShell.ast_node_interactivity = "last_expr"
        self.shell = GradingShell.instance(config=config, ipython_dir=folder)
        self.output_characters = 0

    def begin(self, output_characters: int) -> None:
        """Redirect printed output to the recorder, up to this many characters per cell."""
        self.output_characters = output_characters
        sys.stdout, sys.stderr = _Stream(self.shell, "stdout"), _Stream(self.shell, "stderr")

    def record(self) -> Recorder:
        """Begin a new record of outputs and return it."""
        self.shell.recorder = Recorder(self.output_characters)
        return self.shell.recorder

    def run(self, source: str) -> dict:
        """Run a cell and return ``{"outputs": […], "error": [name, message, traceback] or None}``."""
        recorder = self.record()
        result = self.shell.run_cell(source, store_history=False)
        self.shell.execution_count += 1  # the number of the cell in tracebacks
        error = result.error_before_exec or result.error_in_exec
        if error is not None and recorder.error is None:
            recorder.error = [type(error).__name__, message_of(error), []]
        return recorder.finished()


def message_of(error: BaseException) -> str:
    """Return an exception's message, of bounded length, even if its class misbehaves."""
    try:
        if isinstance(error, SyntaxError):
            return f"{error.msg} (line {error.lineno})"
        return str(error)[:MESSAGE_CHARACTERS]
    except Exception:  # an exception class of the student's may fail even here
        return "(its message cannot be printed)"
