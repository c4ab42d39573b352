"""How much memory and how many threads a process has, as Linux's /proc tells it; 0 of one that has ended."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

PAGE = resource.getpagesize()
FLAGS = 6  # the field of /proc/PID/stat, counted from the state, that has the kernel's PF_ bits
PF_EXITING = 4


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


def is_ending(pid: int) -> bool:
    """Return whether the kernel is ending a process, or has ended it; False where there is no ``/proc``."""
    fields = _read(pid, "stat").rpartition(")")[2].split()
    if not fields:
        return sys.platform == "linux"
    return bool(int(fields[FLAGS]) & PF_EXITING)


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except OSError:  # it has ended meanwhile, or this is no Linux
        return ""
