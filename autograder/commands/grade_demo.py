"""``autograder grade-demo``: grade a class made up for demonstration."""

import argparse
from pathlib import Path

from autograder.commands import add_judges

DEMO_LECTURE = "03"

NAME = "grade-demo"
HELP = "Grade a demonstration class."
DESCRIPTION = (
    "Build a class of five submissions in a folder: one complete, one half right, one untouched and two broken. "
    "Grade it with a gradebook, print the points and write the feedback pages."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument(
        "lecture",
        nargs="?",
        default=DEMO_LECTURE,
        metavar="LECTURE",
        help=f"The lecture's folder, number or name (default: {DEMO_LECTURE}).",
    )
    add_judges(parser)
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="An empty or new folder (default: a temporary folder, which is kept).",
    )


def run(options: argparse.Namespace) -> int:
    """Build the class, grade it and print its table."""
    import tempfile

    from autograder.judge.pool import JudgePool
    from autograder.notebooks.course import Course
    from autograder.reports.demo import grade_demo

    lecture = Course.find(options.course).lecture(options.lecture)
    folder = options.out or Path(tempfile.mkdtemp(prefix="grade-demo-"))
    with JudgePool(options.jobs, trust_submissions=options.trust_submissions) as executor:
        print(grade_demo(lecture, folder, executor, jobs=options.jobs).report())
    return 0
