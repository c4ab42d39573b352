"""``autograder release``: write the student versions."""

import argparse

from autograder.commands import add_lectures

NAME = "release"
HELP = "Write the student versions into lectures/."
DESCRIPTION = (
    "Write the student versions into lectures/, without solutions, hidden tests and outputs. "
    "Nothing is written unless every named lecture can be released."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    add_lectures(parser)


def run(options: argparse.Namespace) -> int:
    """Write the student versions and print their paths."""
    from autograder.gradebook.release import release
    from autograder.notebooks.course import Course

    lectures = Course.find(options.course).select(options.lectures)
    for path in release(lectures):
        print(f"wrote {path}")
    return 0
