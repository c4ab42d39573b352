"""Memory and number of threads of a process, read from Linux's /proc; 0 for a process that has ended."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

PAGE = resource.getpagesize()
FLAGS = 6  # the field of /proc/PID/stat, counted from the state, that has the kernel's PF_ bits
PF_EXITING = 4


def own_memory(pid: int) -> int:
    """Return the resident bytes without mapped files, of which a fresh fork has none, unlike its parent."""
    numbers = _read(pid, "statm").split()
    return (int(numbers[1]) - int(numbers[2])) * PAGE if numbers else 0


def threads(pid: int) -> int:
    """Return the number of threads."""
    for line in _read(pid, "status").splitlines():
        if line.startswith("Threads:"):
            return int(line.split()[1])
    return 0


def is_ending(pid: int) -> bool:
    """Return whether the kernel is ending a process, or has ended it; False on systems without ``/proc``."""
    fields = _read(pid, "stat").rpartition(")")[2].split()
    if not fields:
        return sys.platform == "linux"
    return bool(int(fields[FLAGS]) & PF_EXITING)


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except OSError:  # the process has ended, or this is not Linux
        return ""
