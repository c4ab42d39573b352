"""One module a command: its name, its help, its options, and what it does.

Each defines ``NAME``, ``HELP`` (a line), ``DESCRIPTION``, ``configure(parser)`` and ``run(options)``, which returns the
exit status. They import the rest of the package only inside ``run``, so that ``--help`` answers at once.
"""

import argparse
import os

WHICH = "A lecture's folder, number or name, for example 08_elbo_surgery or 08. All of them if none is named."


def add_lectures(parser: argparse.ArgumentParser) -> None:
    """Add the argument LECTURE…; ``Course.find(options.course).select(options.lectures)`` reads it."""
    parser.add_argument("lectures", nargs="*", metavar="LECTURE", help=WHICH)


def add_judges(parser: argparse.ArgumentParser) -> None:
    """Add the options of :func:`autograder.judge.pool.JudgePool`: ``--jobs`` and ``--trust-submissions``."""
    parser.add_argument(
        "--jobs",
        type=whole,
        default=os.cpu_count() or 1,
        metavar="N",
        help="Submissions to run at a time. By default as many as there are processor cores.",
    )
    parser.add_argument(
        "--trust-submissions",
        action="store_true",
        help="Run submissions without a sandbox: they can then do whatever you can.",
    )


def whole(text: str) -> int:
    """Read an option that counts something."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number from 1 on")
    return number
