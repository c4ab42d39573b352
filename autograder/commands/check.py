"""``autograder check``: run the visible checks before handing in."""

import argparse
import sys
from pathlib import Path

NAME = "check"
HELP = "For students: run the visible checks of a notebook before handing it in."
DESCRIPTION = (
    "Run the setup cell, your solutions and the visible checks of a notebook in a fresh kernel, and print which checks "
    "pass. The notebook is not changed. The exit status is 0 if all checks pass, 1 if some fail, 2 if the file cannot "
    "be checked."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("notebook", type=Path, metavar="NOTEBOOK", help="Your notebook: a file NAME.ipynb.")
    parser.add_argument(
        "--timeout",
        type=_seconds,
        metavar="SECONDS",
        help="Time limit per cell (default: as in grading).",
    )
    parser.add_argument("--json", action="store_true", help="Print the result as JSON.")


def run(options: argparse.Namespace) -> int:
    """Check a notebook and print a table; return 1 if a check fails."""
    from autograder.judge.executor import Limits
    from autograder.judge.kernel import KernelExecutor
    from autograder.submission.check import check

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a Windows console may not encode every character
            stream.reconfigure(errors="replace")
    limits = Limits(cell_seconds=options.timeout).lengthened() if options.timeout else Limits()
    if sys.stderr.isatty():
        print(f"checking {options.notebook.name}: this takes about half a minute …", file=sys.stderr)
    report = check(options.notebook, KernelExecutor(), limits)
    print(report.json() if options.json else report.text())
    return 0 if all(one.passes for one in report.visible) else 1


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 1 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"must be from 1 to 3600, got {text}")
    return seconds
