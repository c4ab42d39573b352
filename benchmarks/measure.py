"""Shared parts of the benchmarks: options, and alternatives that take turns in one process (`sides.py`: in two)."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter


def options_of(description: str) -> argparse.ArgumentParser:
    """Return the parser of a benchmark's options, with ``description`` as the text of `--help`."""
    return argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def add_names(parser: argparse.ArgumentParser, names: Sequence[str], metavar: str) -> None:
    """Add a positional argument: any number of the names, or none for all of them."""

    def known(text: str) -> str:
        if text not in names:
            raise argparse.ArgumentTypeError(f"must be one of {', '.join(names)}; got {text!r}")
        return text

    parser.add_argument(
        "names", nargs="*", type=known, metavar=metavar, help=f"{', '.join(names)} (default: all of them)."
    )


def add_rounds(parser: argparse.ArgumentParser, rounds: int, name: str = "--rounds") -> None:
    """Add the option for the number of measurements."""
    parser.add_argument(
        name,
        type=_twice_or_more,
        default=rounds,
        metavar="N",
        help=f"Number of measurements of each (default: {rounds}).",
    )


def _twice_or_more(text: str) -> int:
    if (number := int(text)) < 2:
        raise argparse.ArgumentTypeError(
            f"must be at least 2, because quartiles need two measurements; got {text}"
        )
    return number


_twice_or_more.__name__ = "int"  # argparse prints this name if the text is not a number


def take_turns(runs: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each alternative in every round; a first round, which warms up, is not counted.

    Other load on the machine affects all alternatives of a round alike, so a ratio of times of the same round is more
    reliable than a ratio of two medians.
    """
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds + 1):
        for name, run in runs.items():
            began = perf_counter()
            run()
            seconds[name].append(perf_counter() - began)
    return {name: values[1:] for name, values in seconds.items()}


def ratios(slow: Sequence[float], fast: Sequence[float]) -> list[float]:
    """Return the ratio of two alternatives' times, round by round."""
    return [one / other for one, other in zip(slow, fast, strict=True)]
