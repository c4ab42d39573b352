"""A child of the warm parent: forked, confined, watched and ended."""

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

ENDING_SECONDS = 0.1  # between two looks at a process that is ending
MOST_LOOKS = 300


@dataclass(frozen=True)
class Allowance:
    """What a child may use; see :class:`autograder.judge.executor.Limits`."""

    memory_bytes: int
    disk_bytes: int
    threads: int
    cpu_seconds: float


class Child:
    """A forked child that runs ``serve``.

    Where it is confined there are two processes: the outer one takes the namespaces and waits for the inner one,
    which is the first in them, so that all others in them end when it does.

    Args:
        allowance: what it may use.
        folder: its working directory; None confines it to an empty one of its own.
        keep: descriptors that stay open in it.
        serve: what it does, in the child.

    Raises:
        RuntimeError: if it cannot be confined.
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
        """Measure memory and threads, and end the child if it has too much of them."""
        used = max(own_memory(self.pid) - self.shared_bytes, 0)
        self.peak_bytes = max(self.peak_bytes, used)
        if threads(self.pid) > self.allowance.threads:
            self._kill("threads")
        elif used > self.allowance.memory_bytes:
            self._kill("memory")

    def end(self, patience: float = 0.0) -> dict:
        """End it.

        Args:
            patience: seconds to wait for it to end by itself, where it is known to be about to; once the
                kernel is ending it, half a minute more.

        Returns:
            ``status``: its exit status, or minus the signal, if it had ended already, else None; ``reason``: what it
            used too much of, if it was ended for that; ``peak_bytes``.
        """
        asked = not self._ends(patience)
        if asked:
            self.look()
            asked = not self.reason
            self._kill("")
        status = int(_line(self.pipe) or -signal.SIGKILL)
        self.pipe.close()
        os.waitpid(self.outer, 0)
        return {"status": None if asked else status, "reason": self.reason, "peak_bytes": self.peak_bytes}

    def _ends(self, patience: float) -> bool:
        """Return whether it has ended by itself within its patience, or while the kernel was ending it."""
        for _ in range(
            MOST_LOOKS
        ):  # a main thread that has ended looks like this as long as another one runs
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
    """Fork the inner process, tell its number, wait for it, tell how it ended; never return."""
    status = 1
    try:
        confinement.die_with_parent()
        if folder is None:
            confinement.enter_namespaces()
        inner = os.fork()
        if not inner:
            _be_inner(allowance, folder, keep, pipe, serve)
        _close_all_but(pipe)
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
        _close_all_but(keep.fileno())
        serve()
        status = 0
    except ConnectionError:
        status = 0  # nobody listens any more
    except OSError:
        with contextlib.suppress(OSError):
            os.write(pipe, _last_line().encode() + b"\n")
    finally:
        os._exit(status)


def _close_all_but(kept: int) -> None:
    """Close every descriptor but this; the standard ones lead nowhere, for a library may print below Python."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.closerange(3, kept)
    os.closerange(kept + 1, 4096)


def _last_line() -> str:
    return traceback.format_exc().strip().splitlines()[-1]


def _line(pipe: io.RawIOBase) -> bytes:
    return pipe.readline().strip()
