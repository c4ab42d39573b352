"""Ctrl-C, heard at a moment when nothing is half done."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType

HEARD = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP
PATIENCE = 2  # so many are asked for politely; the next one ends the run wherever it is


class Interrupted(Exception):
    """The run has been asked to end."""


class Interrupt:
    """While this context is entered, a signal to end is noted, and raised only where :meth:`check` is called.

    A signal that was ignored before (``nohup``, a job in the background) is still ignored. Once the run was asked
    to end, its process is about to: what comes after this context is not heard any more.

    Attributes:
        asked: whether the run has been asked to end.
        wake: called, from a signal handler, when it is.
    """

    def __init__(self) -> None:
        self.asked = False
        self.wake: Callable[[], None] = lambda: None
        self._times = 0
        self._before: dict[int, object] = {}

    def __enter__(self) -> Interrupt:
        for name in HEARD:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_IGN if self.asked else handler)

    def check(self) -> None:
        """Raise :class:`Interrupted` if the run has been asked to end."""
        if self.asked:
            raise Interrupted

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        self._times += 1
        if self._times > PATIENCE:
            raise KeyboardInterrupt
        self.wake()
