"""The commands, one module each: name, help, options, and the function that runs it.

Each module defines ``NAME``, ``HELP`` (one line), ``DESCRIPTION``, ``configure(parser)`` and ``run(options)``, which
returns the exit status. The modules import the rest of the package only inside ``run``, so that ``--help`` is quick.
"""

import argparse
import os

WHICH = "A lecture's folder, number or name, for example 08_elbo_surgery or 08 (default: all lectures)."


def add_lectures(parser: argparse.ArgumentParser) -> None:
    """Add the argument LECTURE…; ``Course.find(options.course).select(options.lectures)`` reads it."""
    parser.add_argument("lectures", nargs="*", metavar="LECTURE", help=WHICH)


def add_judges(parser: argparse.ArgumentParser) -> None:
    """Add the options of :func:`autograder.judge.pool.JudgePool`: ``--jobs`` and ``--trust-submissions``."""
    parser.add_argument(
        "--jobs",
        type=whole,
        default=processor_cores(),
        metavar="N",
        help="Number of submissions to run at a time (default: the number of processor cores).",
    )
    parser.add_argument(
        "--trust-submissions",
        action="store_true",
        help="Run submissions without a sandbox: they can then do anything that you can do.",
    )


def add_students(parser: argparse.ArgumentParser, help: str) -> None:
    """Add the option ``--student NAME…``, which can be repeated; ``options.student`` is the list of all names."""
    parser.add_argument("--student", action="extend", nargs="+", default=[], metavar="NAME", help=help)


def whole(text: str) -> int:
    """Return the number in an option that counts something.

    Raises:
        ArgumentTypeError: if it is below 1.
    """
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, got {text}")
    return number


def processor_cores() -> int:
    """Return the number of processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
