"""What benchmarks share: their options, and alternatives that take turns in one process (`sides.py`: in two)."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter


def options_of(description: str) -> argparse.ArgumentParser:
    """What reads a benchmark's options; its `--help` is the benchmark's own text."""
    return argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def add_names(parser: argparse.ArgumentParser, names: Sequence[str], metavar: str) -> None:
    """Add an option-less argument: some of the names, or none for all of them."""

    def known(text: str) -> str:
        if text not in names:
            raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(names)}")
        return text

    parser.add_argument(
        "names", nargs="*", type=known, metavar=metavar, help=f"{', '.join(names)}; all of them by default."
    )


def add_rounds(parser: argparse.ArgumentParser, rounds: int, name: str = "--rounds") -> None:
    """Add the option that says how often everything is measured."""
    parser.add_argument(
        name,
        type=_twice_or_more,
        default=rounds,
        metavar="N",
        help=f"Times that each is measured; {rounds} by default.",
    )


def _twice_or_more(text: str) -> int:
    if (number := int(text)) < 2:
        raise argparse.ArgumentTypeError(f"{text} is too few: quartiles are of two measurements at least")
    return number


_twice_or_more.__name__ = "int"  # argparse names it where the text is no number


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
