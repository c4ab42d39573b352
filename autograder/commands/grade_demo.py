"""``autograder grade-demo``: how a class is graded, on a class made up for the purpose."""

import argparse
from pathlib import Path

DEMO_LECTURE = "03"

NAME = "grade-demo"
HELP = "Grade a demonstration class."
DESCRIPTION = (
    "Build a class of five in a folder: a complete, a half-right, an untouched and two broken submissions. "
    "Grade it with a gradebook, print the points and write feedback pages."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument(
        "lecture",
        nargs="?",
        default=DEMO_LECTURE,
        metavar="LECTURE",
        help=f"The lecture's folder, number or name. It is {DEMO_LECTURE} if none is named.",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="An empty or new folder. By default a temporary one, which is kept.",
    )


def run(options: argparse.Namespace) -> int:
    """Build the class, grade it and print its table."""
    import tempfile

    from autograder.course import Course
    from autograder.demo import grade_demo

    lecture = Course.find(options.course).lecture(options.lecture)
    folder = options.out or Path(tempfile.mkdtemp(prefix="grade-demo-"))
    demonstration = grade_demo(lecture, folder, lambda student: print(f"grading {student}", flush=True))
    print(demonstration.report())
    return 0
