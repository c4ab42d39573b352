"""The progress of a run: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections import deque
from time import monotonic
from typing import Any, TextIO

from tqdm import tqdm

LINES, AT_LEAST = 20, 10  # without a terminal: lines per run, and the fewest submissions per line
RECENT = 50  # submissions that give the speed; the first one waits for imports and does not count
BAR = "{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]"


class Progress:
    """Shows the number of submissions done and failed, the speed, and the time left.

    Args:
        name: the name of the lecture.
        total: number of submissions.
        quiet: whether to print nothing.
        stream: where to write; stderr if None.
    """

    def __init__(self, name: str, total: int, *, quiet: bool = False, stream: TextIO | None = None) -> None:
        self.name, self.total = name, total
        self.stream = stream or sys.stderr
        self.done = self.failed = 0
        self._times: deque[float] = deque(maxlen=RECENT)
        self._every = max(AT_LEAST, total // LINES)
        self._bar: tqdm[Any] | None = None
        self._lines = not quiet and not self.stream.isatty()
        if not quiet and not self._lines:
            self._bar = tqdm(
                desc=name, total=total, file=self.stream, bar_format=BAR, dynamic_ncols=True, mininterval=0
            )
            self.refresh()

    def add(self, *, failed: bool, unchanged: bool) -> None:
        """Count one more submission.

        Args:
            failed: whether it could not be graded.
            unchanged: whether its grade was already known, so that it does not count for the speed.
        """
        self.done += 1
        self.failed += failed
        if not unchanged:
            self._times.append(monotonic())
        if self._bar is not None:
            self._bar.n = self.done
            self.refresh()
        elif self._lines and (self.done % self._every == 0 or self.done == self.total):
            print(f"{self.name}: {self.done} of {self.total}, {self._pace()}", file=self.stream, flush=True)

    def refresh(self) -> None:
        """Redraw the bar, to update its clock."""
        if self._bar is not None:
            self._bar.set_postfix_str(self._pace(), refresh=True)

    def close(self) -> None:
        """End the bar's line."""
        if self._bar is not None:
            self._bar.close()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _pace(self) -> str:
        parts = [f"{self.failed} failed"]
        if len(self._times) > 1:
            rate = (len(self._times) - 1) / max(self._times[-1] - self._times[0], 1e-3)
            parts.append(f"{60 * rate:.0f}/min")
            if self.done < self.total:
                parts.append(f"{tqdm.format_interval((self.total - self.done) / rate)} left")
        return ", ".join(parts)
