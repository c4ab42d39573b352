"""Handle Ctrl-C at a moment when nothing is half done."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType

HEARD = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP
PATIENCE = 2  # this many signals wait for a safe moment; the next one stops the run immediately


class Interrupted(Exception):
    """The run has been asked to stop."""


class Interrupt:
    """A context that notes signals to stop, and raises :class:`Interrupted` only in :meth:`check`.

    A signal that was ignored before (``nohup``, a job in the background) is still ignored. Once the run has been asked
    to stop, its process is about to end, so signals after this context are ignored.

    Attributes:
        asked: whether the run has been asked to stop.
        wake: a function that the signal handler calls.
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
        """Raise :class:`Interrupted` if the run has been asked to stop."""
        if self.asked:
            raise Interrupted

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        self._times += 1
        if self._times > PATIENCE:
            raise KeyboardInterrupt
        self.wake()
