"""Two ways to do the same work, each in its own Python process, measured in turns.

A *side* is a file of functions. :class:`Side` starts an interpreter, a peer's or our own, which imports the file and
waits. :meth:`Side.call` runs one of its functions there with arguments that are plain data, and answers with the
returned value, the seconds that the call took in that process, and the peak memory during the call. Meanwhile the
other side waits, so that a ratio compares successive measurements on the same machine.

A peer's interpreter has neither this course nor its packages, so this file imports only the standard library.
"""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MIB = 1 << 20


@dataclass(frozen=True)
class Answer:
    """The returned value of a call, and its cost."""

    value: Any
    seconds: float
    peak_mib: float | None  # the process's peak resident memory during the call; None outside Linux


class Side:
    """A file's functions in a separate process, which ends with the context manager.

    Args:
        file: the Python file.
        python: the interpreter (default: the running one).
        threads: number of threads that torch and numpy may use.
    """

    def __init__(self, file: Path | str, python: Path | str = sys.executable, threads: int = 1) -> None:
        variables = {**os.environ, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
        if str(python) != sys.executable:
            variables.pop("PYTHONPATH", None)  # our packages are not a peer's
        self.file = Path(file).resolve()
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 (open as long as the process)
        self._process = subprocess.Popen(
            [str(python), __file__, str(self.file)], env=variables, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log,
        )  # fmt: skip

    def __enter__(self) -> Side:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()
        self._log.close()

    def call(self, function: str, **arguments: Any) -> Answer:
        """Run a function of the file with these arguments.

        Raises:
            RuntimeError: if the function fails, with the traceback from that process, or if the process has ended.
        """
        with contextlib.suppress(BrokenPipeError):  # the process has ended: then no answer comes
            self._process.stdin.write(json.dumps({"function": function, "arguments": arguments}) + "\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            self._log.seek(0)
            raise RuntimeError(f"the process of {self.file.name} has ended:\n{self._log.read()[-4000:]}")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"{function} of {self.file.name} failed:\n{answer['error']}")
        return Answer(**answer)


def in_turns(
    sides: Mapping[str, Side], function: str, rounds: int, warm_up: int = 1, **arguments: Any
) -> dict[str, list[Answer]]:
    """Call a function of every side once per round, in alternating order; the first rounds are not counted."""
    answers: dict[str, list[Answer]] = {name: [] for name in sides}
    for i in range(warm_up + rounds):
        for name in list(sides)[:: 1 if i % 2 else -1]:
            answers[name].append(sides[name].call(function, **arguments))
    return {name: calls[warm_up:] for name, calls in answers.items()}


def ratios(slower: Sequence[Answer], faster: Sequence[Answer]) -> list[float]:
    """Return the ratio of the slower side's time to the faster side's, round by round."""
    return [mine.seconds / other.seconds for mine, other in zip(slower, faster, strict=True)]


def spread(values: Sequence[float], digits: int = 2, unit: str = "") -> str:
    """Return median and quartiles as text."""
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return f"{middle:.{digits}f}{unit} [{low:.{digits}f}, {high:.{digits}f}]"


def serve(file: str) -> None:
    """Answer calls of a file's functions, one line per call, until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # output of a library must not be taken for an answer
    specification = importlib.util.spec_from_file_location("side", file)
    module = importlib.util.module_from_spec(specification)
    sys.modules["side"] = module
    specification.loader.exec_module(module)
    for line in sys.stdin:
        call = json.loads(line)
        try:
            answer = measured(getattr(module, call["function"]), call["arguments"])
            text = json.dumps(answer)
        except Exception:
            text = json.dumps({"error": traceback.format_exc()})
        print(text, file=answers, flush=True)


def measured(function: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Call the function, and return its value, seconds and peak memory."""
    gc.collect()
    reset_peak()
    began = time.perf_counter()
    value = function(**arguments)
    seconds = time.perf_counter() - began
    return {"value": value, "seconds": seconds, "peak_mib": peak_mib()}


def reset_peak() -> None:
    """Reset the peak memory that Linux records for this process."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_mib() -> float | None:
    """Return the peak resident memory since :func:`reset_peak`, in MiB; None outside Linux."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return None
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / MIB


if __name__ == "__main__":
    serve(sys.argv[1])
