"""``autograder release``: write the student versions."""

import argparse

from autograder.commands import add_lectures

NAME = "release"
HELP = "Write the student versions into lectures/."
DESCRIPTION = (
    "Write the student versions into lectures/: no solutions, no hidden tests, no outputs. "
    "Nothing is written unless every lecture named can be released."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    add_lectures(parser)


def run(options: argparse.Namespace) -> int:
    """Write the student versions and name them."""
    from autograder.gradebook.release import release
    from autograder.notebooks.course import Course

    lectures = Course.find(options.course).select(options.lectures)
    for path in release(lectures):
        print(f"wrote {path}")
    return 0
