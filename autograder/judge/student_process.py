"""The judge's end of student processes: it starts the warm parent, and one child per submission."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from signal import Signals
from time import monotonic
from typing import Any

from autograder.judge.executor import CellError, ExecutorError, Limits, timed_out
from autograder.judge.reply import Reply, StudentEnded, malformed
from autograder.judge.sandbox import PACKAGE, require_sandbox, sandboxed
from autograder.wire.frames import FrameError, receive_frame, send_frame

SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MPLBACKEND": "Agg",
    "DGM_DEVICE": "cpu",
    "DGM_QUIET": "1",
    "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",  # macOS: the parent has no threads that a fork could lose
}
LONGEST_LOG = 2000
DYING_SECONDS = 2.0


class WarmParent:
    """A process that has imported everything and forks one child per submission, in a sandbox unless trusted.

    It imports in the background; the first request waits for it.

    Raises:
        ExecutorError: if no sandbox is available.
    """

    def __init__(self, *, trust_submissions: bool = False) -> None:
        if not trust_submissions:
            require_sandbox()
        self.trusted = trust_submissions
        self.control, theirs = socket.socketpair()
        self.log = tempfile.TemporaryFile()
        arguments = ("-m", "autograder.student.warm", str(theirs.fileno()))
        if trust_submissions:
            command = [sys.executable, "-P", *arguments]
            path = os.pathsep.join(filter(None, [str(PACKAGE.parent), os.environ.get("PYTHONPATH")]))
            environment = {**os.environ, **SETTINGS, "PYTHONPATH": path}
            environment.pop("DGM_CHECK_SEED", None)
        else:
            command, environment = sandboxed(*arguments, environment=SETTINGS), None
        self.process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self.log,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        self._ready = False

    def alive(self) -> bool:
        """Return whether the process is running."""
        return self.process.poll() is None

    def ask(self, request: dict, descriptor: int | None = None) -> dict:
        """Send a request, with an open file if it needs one, and return the answer.

        Raises:
            ExecutorError: if the process has ended or cannot start.
        """
        if not self._ready:
            self._receive()  # it reports when its imports are done
            self._ready = True
        try:
            message = json.dumps(request).encode() + b"\n"
            socket.send_fds(self.control, [message], [] if descriptor is None else [descriptor])
        except OSError:
            raise self._failure() from None
        return self._receive()

    def close(self) -> None:
        """Stop the process and its children."""
        self._end()
        self.log.close()

    def _end(self) -> None:
        self.control.close()  # the process then stops its children and itself
        try:
            self.process.wait(timeout=DYING_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _receive(self) -> dict:
        answer = b""
        while not answer.endswith(b"\n"):
            try:
                received = self.control.recv(4096)
            except OSError:
                received = b""
            if not received:
                raise self._failure()
            answer += received
        return json.loads(answer)

    def _failure(self) -> ExecutorError:
        self._end()
        self.log.seek(0)
        lines = self.log.read().decode(errors="replace")[-LONGEST_LOG:].strip().splitlines()
        reason = lines[-1] if lines else f"exit status {self.process.returncode}"
        return ExecutorError(f"the process that runs submissions ended: {reason}")


class Student:
    """One child of the warm parent, for one submission.

    Attributes:
        deadline: the value of ``time.monotonic`` by which requests must be answered; None until one is set.
        seconds: the seconds that the deadline allowed, for the message.
    """

    def __init__(self, parent: WarmParent, limits: Limits) -> None:
        self.parent, self.limits = parent, limits
        self.deadline: float | None = None
        self.seconds = float("inf")
        self.stack = ExitStack()
        folder = None
        if parent.trusted:
            temporary = tempfile.TemporaryDirectory(prefix="autograder-", ignore_cleanup_errors=True)
            folder = self.stack.enter_context(temporary)
        self.socket, theirs = socket.socketpair()
        self.stack.enter_context(self.socket)
        allowance = {
            "memory_bytes": limits.memory_bytes,
            "disk_bytes": limits.disk_bytes,
            "threads": limits.threads,
            "cpu_seconds": limits.notebook_seconds,
        }
        request = {
            "do": "start",
            "folder": folder,
            "allowance": allowance,
            "output_characters": limits.output_characters,
            "result_bytes": limits.result_bytes,
        }
        with theirs:
            self.child: int | None = parent.ask(request, theirs.fileno())["child"]
        self.peak_bytes = 0

    def allow(self, seconds: float) -> None:
        """Set the deadline of all later requests to this many seconds from now."""
        self.deadline, self.seconds = monotonic() + seconds, seconds

    def ask(self, request: dict, buffers: Sequence[memoryview] = ()) -> Reply:
        """Send a request and return the reply.

        Raises:
            StudentEnded: if the process has ended, is late, or breaks the protocol.
        """
        number = secrets.randbits(63)  # a reply sent before its request cannot contain this number
        try:
            send_frame(self.socket, number, request, buffers, self.deadline)
            answered, header, body = receive_frame(self.socket, self.limits.result_bytes, self.deadline)
        except TimeoutError:
            raise StudentEnded(timed_out(self.seconds)) from None
        except OSError:
            raise StudentEnded(CellError("ProcessDied", "the process that ran the cell ended")) from None
        except (FrameError, MemoryError) as error:  # the rest of the frame would be read as the next reply
            raise malformed(error) from None
        if answered != number:
            raise malformed("it does not belong to the request")
        return Reply(header, body)

    def end(self, *, died: bool = False) -> CellError | None:
        """Stop the process; if it had already ended, as after ``died``, return the error that describes how."""
        child, self.child = self.child, None
        if child is None:
            return None
        try:
            report = self.parent.ask({"do": "end", "child": child, "patience": DYING_SECONDS if died else 0})
        finally:
            self.stack.close()
        self.peak_bytes = report["peak_bytes"]
        return _death(report, self.limits)


def _death(report: dict[str, Any], limits: Limits) -> CellError | None:
    reasons = {
        "memory": f"it used more than {limits.memory_bytes >> 20:,} MiB of memory",
        "threads": f"it started more than {limits.threads} threads",
    }
    status = report["status"]
    if report["reason"]:
        return CellError("LimitExceeded", f"the process was stopped: {reasons[report['reason']]}")
    if status is None:
        return None
    how = f"with exit status {status}"
    if status < 0:
        known = {s.value: s.name for s in Signals}
        how = f"by signal {known.get(-status, -status)}"
    return CellError("ProcessDied", f"the process that ran the cell ended {how}")
