"""Alternatives that take turns in one process; `sides.py` is for two processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import perf_counter


def take_turns(runs: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds that each alternative takes, once in every round; a first round, which warms up, is not counted.

    What else the machine does falls on all alike, so that a ratio of times of the same round is worth more than one of
    two medians.
    """
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds + 1):
        for name, run in runs.items():
            began = perf_counter()
            run()
            seconds[name].append(perf_counter() - began)
    return {name: values[1:] for name, values in seconds.items()}


def ratios(slow: Sequence[float], fast: Sequence[float]) -> list[float]:
    """Ratio of two alternatives' times, round by round."""
    return [one / other for one, other in zip(slow, fast, strict=True)]
