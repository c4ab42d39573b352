"""How much memory and how many threads processes have, as Linux's /proc tells it; 0 of one that has ended."""

from __future__ import annotations

import resource
import threading
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

PAGE = resource.getpagesize()


def own_memory(pid: int) -> int:
    """Bytes without mapped files: of those, a fork has at first none, whatever its parent has."""
    numbers = _read(pid, "statm").split()
    return (int(numbers[1]) - int(numbers[2])) * PAGE if numbers else 0


def threads(pid: int) -> int:
    """Number of threads."""
    for line in _read(pid, "status").splitlines():
        if line.startswith("Threads:"):
            return int(line.split()[1])
    return 0


class SharedMemory:
    """Measures processes that share memory, so that a page counts once.

    The kernel lets whoever asks for this wait while a process is busy with its memory, and one that forks without end
    is so for ever. So a thread asks.
    """

    def __init__(self) -> None:
        self.bytes = 0
        self.began = 0.0
        self.thread: threading.Thread | None = None

    def measure(self, pids: Sequence[int]) -> int:
        """Begin to measure, if that is not under way, and return the bytes that were found last."""
        if self.waiting() is None:
            self.began = monotonic()
            self.thread = threading.Thread(target=self._measure, args=(pids,), daemon=True)
            self.thread.start()
        return self.bytes

    def waiting(self) -> float | None:
        """Return for how many seconds a measurement has been under way; None if none is."""
        return monotonic() - self.began if self.thread is not None and self.thread.is_alive() else None

    def end(self) -> None:
        """Wait for it; the processes have ended."""
        if self.thread is not None:
            self.thread.join()

    def _measure(self, pids: Sequence[int]) -> None:
        self.bytes = sum(map(_proportional, pids))


def _proportional(pid: int) -> int:
    """Bytes, in which a page that n processes share counts for 1/n."""
    for line in _read(pid, "smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except OSError:  # it has ended meanwhile, or this is no Linux
        return ""
