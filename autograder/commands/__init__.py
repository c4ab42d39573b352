"""One module a command: its name, its help, its options, and what it does.

Each defines ``NAME``, ``HELP`` (a line), ``DESCRIPTION``, ``configure(parser)`` and ``run(options)``, which returns the
exit status. They import the rest of the package only inside ``run``, so that ``--help`` answers at once.
"""

import argparse

WHICH = "A lecture's folder, number or name, for example 08_elbo_surgery or 08. All of them if none is named."


def add_lectures(parser: argparse.ArgumentParser) -> None:
    """Add the argument LECTURE…; ``Course.find(options.course).select(options.lectures)`` reads it."""
    parser.add_argument("lectures", nargs="*", metavar="LECTURE", help=WHICH)
