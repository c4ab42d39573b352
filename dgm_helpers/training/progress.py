"""Progress reports of a training run, and Ctrl-C, which takes effect only between two steps."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from tqdm.auto import tqdm

from dgm_helpers.training.settings import Settings
from dgm_helpers.training.state import State

PATIENCE = 600.0  # the longest time between two lines of a log file, in seconds


def progress_line(state: State, settings: Settings) -> "tqdm | Lines":
    """Return a progress bar for a terminal or a notebook, or :class:`Lines` for a log file if the settings ask for it.

    Only the first process shows progress, and none does if ``DGM_QUIET`` or ``CI`` is set.

    Args:
        state: the run's state.
        settings: the run's settings; ``lines`` asks for lines outside of terminal and notebook.
    """
    silent = bool(os.environ.get("DGM_QUIET") or os.environ.get("CI")) or state.processes.rank > 0
    watched = "ipykernel" in sys.modules or sys.stderr.isatty()
    if settings.lines and not (silent or watched):
        return Lines(state, settings.steps, settings.seconds)
    name = type(state.model).__name__
    return tqdm(
        total=settings.steps, initial=state.step, disable=silent or not watched, leave=False, desc=name
    )


class Lines(AbstractContextManager):
    """Lines on stderr: after the first step, after each tenth of the run, and at least every ten minutes.

    It has the methods of tqdm that :func:`~dgm_helpers.training.fit` calls.
    """

    def __init__(self, state: State, steps: int | None, seconds: float | None) -> None:
        self.state, self.steps, self.seconds = state, steps, seconds
        self.tenth: int | None = None
        self.at, self.text = state.seconds, ""

    def __exit__(self, *error: object) -> None:
        """Do nothing: stderr stays open."""

    def set_postfix_str(self, text: str, refresh: bool = False) -> None:
        """Set the text of the next line."""
        self.text = text

    def update(self) -> None:
        """Count a step, and print a line if it is time for one."""
        share = self.share()
        if int(10 * share) == self.tenth and self.state.seconds < self.at + PATIENCE:
            return
        self.tenth, self.at = int(10 * share), self.state.seconds
        of = f" of {self.steps:,}" if self.steps else ""
        left = f", about {duration(self.at / share - self.at)} to go" if 0 < share < 1 else ""
        line = f"step {self.state.step:,}{of}, {duration(self.at)}{left}: {self.text}"
        print(line, file=sys.stderr, flush=True)

    def share(self) -> float:
        """Return how much of the run is done, in [0, 1]."""
        return min(1.0, max(
            self.state.step / self.steps if self.steps else 0.0,
            self.state.seconds / self.seconds if self.seconds else 0.0,
        ))  # fmt: skip


@contextmanager
def interrupts(*, wait: bool, patient: bool = False) -> Iterator[threading.Event]:
    """Set an event on the first Ctrl-C or SIGTERM instead of stopping; a second one raises KeyboardInterrupt.

    Args:
        wait: whether to handle the signals; otherwise nothing is changed, and the event is never set.
        patient: whether further signals are also ignored. torchrun passes on a Ctrl-C that has already arrived.
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


def duration(seconds: float) -> str:
    """Return a duration as text in seconds, minutes or hours, whichever suits it."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min" if hours else f"{minutes} min {seconds} s"
