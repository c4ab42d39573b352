"""Ctrl-C between two steps, never within one."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def interrupts(*, wait: bool, patient: bool = False) -> Iterator[threading.Event]:
    """Set an event on Ctrl-C, or on the signal that asks a process to end, and raise nothing.

    Args:
        wait: otherwise nothing is changed, and the event is never set.
        patient: a second Ctrl-C does not end the process at once either. torchrun passes one on that came already.
    """
    event = threading.Event()
    if not wait or threading.current_thread() is not threading.main_thread():
        yield event
        return

    def note(number: int, frame: object) -> None:
        if event.is_set() and not patient:
            raise KeyboardInterrupt
        event.set()

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
