"""A child of the warm parent: forked, confined, watched and stopped."""

from __future__ import annotations

import contextlib
import io
import os
import select
import signal
import socket
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from autograder.student import confinement
from autograder.student.usage import is_ending, own_memory, threads

ENDING_SECONDS = 0.1  # time between two looks at a process that is ending
MOST_LOOKS = 300


@dataclass(frozen=True)
class Allowance:
    """The resources that a child may use; see :class:`autograder.judge.executor.Limits`."""

    memory_bytes: int
    disk_bytes: int
    threads: int
    cpu_seconds: float


class Child:
    """A forked child that runs ``serve``.

    A confined child has two processes. The outer one enters the namespaces and waits for the inner one, which is the
    first process in them: when it ends, the kernel ends all others there.

    Args:
        allowance: the resources that the child may use.
        folder: the working directory; None confines the child to a separate, empty one.
        keep: the socket that stays open in the child.
        serve: the function that the child runs.

    Raises:
        RuntimeError: if the child cannot be confined.
    """

    def __init__(
        self, allowance: Allowance, folder: str | None, keep: socket.socket, serve: Callable[[], None]
    ) -> None:
        self.allowance, self.confined = allowance, folder is None
        self.peak_bytes, self.reason = 0, ""
        self.shared_bytes = own_memory(os.getpid())
        mine, theirs = os.pipe()
        self.outer = os.fork()
        if not self.outer:
            os.close(mine)
            _be_outer(allowance, folder, keep, theirs, serve)
        os.close(theirs)
        self.pipe = os.fdopen(mine, "rb", buffering=0)
        first, second = sorted([_line(self.pipe), _line(self.pipe)])  # digits come before letters
        if second != b"ready":
            self.pipe.close()
            os.waitpid(self.outer, 0)
            raise RuntimeError(f"a child could not be confined: {(second or first).decode() or 'it died'}")
        self.pid = int(first)

    def look(self) -> None:
        """Measure memory and threads, and kill the child if it exceeds a limit."""
        used = max(own_memory(self.pid) - self.shared_bytes, 0)
        self.peak_bytes = max(self.peak_bytes, used)
        if threads(self.pid) > self.allowance.threads:
            self._kill("threads")
        elif used > self.allowance.memory_bytes:
            self._kill("memory")

    def end(self, patience: float = 0.0) -> dict:
        """Stop the child.

        Args:
            patience: seconds to wait for the child to end by itself, if that is expected; if the kernel is already
                ending it, up to half a minute more.

        Returns:
            A dict with ``status``: the exit status, or minus the signal, or None if the child was still running;
            ``reason``: the limit that it exceeded, if it was killed for that, else empty; ``peak_bytes``.
        """
        running = not self._ends(patience)
        if running:
            self.look()
            running = not self.reason
            self._kill("")
        status = int(_line(self.pipe) or -signal.SIGKILL)
        self.pipe.close()
        os.waitpid(self.outer, 0)
        return {"status": None if running else status, "reason": self.reason, "peak_bytes": self.peak_bytes}

    def _ends(self, patience: float) -> bool:
        """Return whether the child ends by itself within ``patience``, or while the kernel is ending it."""
        # A main thread that has ended looks like an ending process as long as another thread runs.
        for _ in range(MOST_LOOKS):
            if select.select([self.pipe], [], [], patience)[0]:
                return True
            if not is_ending(self.pid):
                return False
            patience = ENDING_SECONDS
        return False

    def _kill(self, reason: str) -> None:
        self.reason = self.reason or reason
        with contextlib.suppress(ProcessLookupError):
            if self.confined:
                os.kill(self.pid, signal.SIGKILL)
            else:
                os.killpg(self.pid, signal.SIGKILL)


def _be_outer(
    allowance: Allowance, folder: str | None, keep: socket.socket, pipe: int, serve: Callable[[], None]
) -> None:
    """Fork the inner process, report its number, wait for it, and report its exit status; never return."""
    status = 1
    try:
        confinement.die_with_parent()
        if folder is None:
            confinement.enter_namespaces()
        inner = os.fork()
        if not inner:
            _be_inner(allowance, folder, keep, pipe, serve)
        _close_all_except(pipe)
        os.write(pipe, b"%d\n" % inner)
        _, ended = os.waitpid(inner, 0)
        os.write(pipe, b"%d\n" % os.waitstatus_to_exitcode(ended))
        status = 0
    except OSError:
        os.write(pipe, _last_line().encode() + b"\n")
    finally:
        os._exit(status)


def _be_inner(
    allowance: Allowance, folder: str | None, keep: socket.socket, pipe: int, serve: Callable[[], None]
) -> None:
    status = 1
    try:
        confinement.die_with_parent()
        os.setpgid(0, 0)
        confinement.limit_resources(*(getattr(allowance, name) for name in allowance.__dataclass_fields__))
        if folder is None:
            confinement.close_the_door(allowance.disk_bytes, allowance.threads)
        else:
            os.chdir(folder)
        os.write(pipe, b"ready\n")
        _close_all_except(keep.fileno())
        serve()
        status = 0
    except ConnectionError:
        status = 0  # the judge has closed the connection
    except OSError:
        with contextlib.suppress(OSError):
            os.write(pipe, _last_line().encode() + b"\n")
    finally:
        os._exit(status)


def _close_all_except(kept: int) -> None:
    """Close every other descriptor; the standard ones go to /dev/null, because a library may print below Python."""
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.closerange(3, kept)
    os.closerange(kept + 1, 4096)


def _last_line() -> str:
    return traceback.format_exc().strip().splitlines()[-1]


def _line(pipe: io.RawIOBase) -> bytes:
    return pipe.readline().strip()
