"""What says how far a run is: a line that moves at a terminal or in a notebook, lines for a log file elsewhere."""

import os
import sys
from contextlib import AbstractContextManager

from tqdm.auto import tqdm

from dgm_helpers.training.state import State

PATIENCE = 600.0  # seconds after which a log file gets a line in any case


def progress_line(
    state: State, steps: int | None, seconds: float | None = None, *, lines: bool = False
) -> "tqdm | Lines":
    """What a person who waits sees; only the first process shows it, and none with ``DGM_QUIET`` set, as CI does.

    Args:
        state: of the run.
        steps: at which it ends.
        seconds: after which it ends.
        lines: where nobody watches, outside of terminal and notebook, write :class:`Lines`, not nothing.
    """
    silent = bool(os.environ.get("DGM_QUIET") or os.environ.get("CI")) or state.processes.rank > 0
    watched = "ipykernel" in sys.modules or sys.stderr.isatty()
    if lines and not (silent or watched):
        return Lines(state, steps, seconds)
    name = type(state.model).__name__
    return tqdm(total=steps, initial=state.step, disable=silent or not watched, leave=False, desc=name)


class Lines(AbstractContextManager):
    """A line on stderr after the first step, after each tenth of the run, and where that takes long every ten minutes.

    It is used as tqdm's line is.
    """

    def __init__(self, state: State, steps: int | None, seconds: float | None) -> None:
        self.state, self.steps, self.seconds = state, steps, seconds
        self.tenth: int | None = None
        self.at, self.text = state.seconds, ""

    def __exit__(self, *error: object) -> None:
        """Nothing is to be closed."""

    def set_postfix_str(self, text: str, refresh: bool = False) -> None:
        """What the next line is to tell."""
        self.text = text

    def update(self) -> None:
        """A step was made."""
        share = self.share()
        if int(10 * share) == self.tenth and self.state.seconds < self.at + PATIENCE:
            return
        self.tenth, self.at = int(10 * share), self.state.seconds
        of = f" of {self.steps:,}" if self.steps else ""
        left = f", about {duration(self.at / share - self.at)} to go" if 0 < share < 1 else ""
        line = f"step {self.state.step:,}{of}, {duration(self.at)}{left}: {self.text}"
        print(line, file=sys.stderr, flush=True)

    def share(self) -> float:
        """How much of the run is done, of 1."""
        return min(1.0, max(
            self.state.step / self.steps if self.steps else 0.0,
            self.state.seconds / self.seconds if self.seconds else 0.0,
        ))  # fmt: skip


def duration(seconds: float) -> str:
    """A time in the units that a person would say it in."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min" if hours else f"{minutes} min {seconds} s"
