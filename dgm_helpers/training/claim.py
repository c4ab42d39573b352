"""A folder is one run's at a time: of two that write its checkpoint in turn, neither would be what it says."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

_held: set[Path] = set()


@contextmanager
def claimed(folder: Path | None) -> Iterator[None]:
    """Make a folder if need be, and keep other processes from training in it until the end.

    The lock is on the folder itself: no file is left, and the system lets go of it when a process is killed. Within
    this process a folder can be claimed again. Where the system cannot lock folders (Windows, some network file
    systems) nobody is kept out.

    Args:
        folder: None claims nothing.

    Raises:
        ValueError: if another process has claimed it.
        OSError: if it cannot be made.
    """
    folder = None if folder is None else folder.resolve()
    if folder is None or folder in _held:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = _locked(folder)
    _held.add(folder)
    try:
        yield
    finally:
        _held.remove(folder)
        if descriptor is not None:
            os.close(descriptor)


def _locked(folder: Path) -> int | None:
    """What holds the lock until it is closed; None where there are no locks."""
    if fcntl is None:
        return None
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            raise ValueError(
                f"another process is training in {folder}: wait for its end, or name another folder"
            ) from None
        return None
    return descriptor
