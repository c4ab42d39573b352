"""The first executor: forks of one warm process. Read in :mod:`autograder.executor` why it is no sandbox.

Importing torch takes seconds, a fork of a process that has imported it takes milliseconds. So a server
(:mod:`autograder.fork_server`) imports once, and forks a child for each notebook. The child runs
the cells that it is sent over a socket, one at a time, and answers each with one line of JSON.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

from autograder.executor import (
    Cell,
    CellError,
    CellResult,
    ExecutorError,
    Limits,
    SessionEnded,
    run_cells,
)

REPLY_BYTES = 8_000_000  # more than any answer within Limits.output_characters needs
SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MPLBACKEND": "Agg",
    "DGM_DEVICE": "cpu",
    "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",  # macOS: the server has no thread that a fork could lose
}


class ForkExecutor:
    """Runs each notebook in a fork of a process that has torch and ``dgm_helpers`` imported.

    Raises:
        ExecutorError: where processes cannot be forked, or if the server cannot start.
    """

    def __init__(self) -> None:
        if not hasattr(os, "fork") or not hasattr(socket, "send_fds"):
            raise ExecutorError(
                "grading needs a system that can fork processes, such as Linux or macOS; "
                "on Windows, run it inside WSL"
            )
        self._server: _Server | None = None
        self._lock = threading.Lock()

    def run(self, cells: Sequence[Cell], limits: Limits, seed: int | None = None) -> list[CellResult]:
        """See :class:`autograder.executor.Executor`."""
        return run_cells(lambda: self._start_session(limits, seed), cells, limits)

    def close(self) -> None:
        """End the server and every notebook that still runs."""
        with self._lock:
            if self._server is not None:
                self._server.close()
                self._server = None

    def __enter__(self) -> ForkExecutor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start_session(self, limits: Limits, seed: int | None) -> _ForkSession:
        with self._lock:
            if self._server is None or not self._server.alive():
                self._server = _Server()
        return _ForkSession(self._server, limits, seed)


class _Server:
    """The warm process, and the channel on which it is told to start and end children."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the server)
        self.channel, theirs = socket.socketpair()
        package_parent = str(Path(__file__).resolve().parents[1])
        path = os.pathsep.join(filter(None, [package_parent, os.environ.get("PYTHONPATH")]))
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "autograder.fork_server", str(theirs.fileno())],
            env={**os.environ, **SETTINGS, "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self.log,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        self._receive()  # it says so when its imports are done

    def alive(self) -> bool:
        return self.process.poll() is None

    def ask(self, request: dict, descriptor: int | None = None) -> dict:
        """Send a request, with an open file where it needs one, and return the answer."""
        with self.lock:
            try:
                message = json.dumps(request).encode() + b"\n"
                socket.send_fds(self.channel, [message], [] if descriptor is None else [descriptor])
            except OSError:
                raise self._failure() from None
            return self._receive()

    def _receive(self) -> dict:
        answer = b""
        while not answer.endswith(b"\n"):
            try:
                received = self.channel.recv(4096)
            except OSError:
                received = b""
            if not received:
                raise self._failure()
            answer += received
        return json.loads(answer)

    def _failure(self) -> ExecutorError:
        self.process.wait()
        self.log.seek(0)
        lines = self.log.read().decode(errors="replace").strip().splitlines()
        reason = lines[-1] if lines else f"exit status {self.process.returncode}"
        return ExecutorError(f"the process that runs notebooks ended: {reason}")

    def close(self) -> None:
        self.channel.close()  # upon which it kills its children and ends
        self.process.wait()
        self.log.close()


class _ForkSession:
    """One child: a socket to talk on, and a folder of its own that goes when it goes."""

    def __init__(self, server: _Server, limits: Limits, seed: int | None) -> None:
        self.server = server
        self.folder = tempfile.TemporaryDirectory(prefix="autograder-", ignore_cleanup_errors=True)
        self.socket, theirs = socket.socketpair()
        self.unread = b""
        request = {
            "do": "start",
            "folder": self.folder.name,
            "seed": seed,
            "output_characters": limits.output_characters,
        }
        with theirs:
            self.pid: int | None = server.ask(request, theirs.fileno())["pid"]

    def run(self, source: str, seconds: float) -> CellResult:
        began = monotonic()
        try:
            self.socket.settimeout(max(seconds, 0.001))
            self.socket.sendall(json.dumps(source).encode() + b"\n")
            reply = json.loads(self._read_line(began + seconds))
            error = reply["error"]
            return CellResult(
                outputs=reply["outputs"],
                error=error and CellError(error[0], error[1], tuple(error[2])),
                seconds=monotonic() - began,
            )
        except TimeoutError:
            message = f"the cell did not end within {seconds:g} s"
            raise SessionEnded(CellError("CellTimeout", message), monotonic() - began) from None
        except OSError:
            raise SessionEnded(self._death(), monotonic() - began) from None
        except (ValueError, TypeError, KeyError, IndexError):  # the child wrote on its socket itself
            message = "the process that ran the cell did not answer as it should"
            raise SessionEnded(CellError("ProcessDied", message), monotonic() - began) from None

    def _read_line(self, deadline: float) -> bytes:
        while b"\n" not in self.unread:
            self.socket.settimeout(max(deadline - monotonic(), 0.001))
            received = self.socket.recv(1 << 16)
            if not received:
                raise ConnectionError("the process closed its end")
            self.unread += received
            if len(self.unread) > REPLY_BYTES:
                raise ValueError("the answer is too long")
        line, self.unread = self.unread.split(b"\n", 1)
        return line

    def _death(self) -> CellError:
        status = self._end()
        how = f"with exit status {status}"
        if status < 0:
            how = f"by signal {signal.Signals(-status).name}"
        return CellError("ProcessDied", f"the process that ran the cell ended {how}")

    def _end(self) -> int:
        """Have the server end the child, once; return its exit status, or minus its signal."""
        pid, self.pid = self.pid, None
        return self.server.ask({"do": "end", "pid": pid})["status"]

    def close(self) -> None:
        self.socket.close()
        if self.pid is not None:
            self._end()
        self.folder.cleanup()
