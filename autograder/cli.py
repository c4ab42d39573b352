"""The command ``autograder``; ``python -m autograder`` is the same."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

DEMO_LECTURE = "03"
FAILED, WRONG_INPUT = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status: 0 for success, 1 if a lecture failed, 2 for wrong input."""
    options = _parser().parse_args(arguments)
    # Imports are late, so that --help answers at once: reading notebooks takes seconds to import.
    from autograder.course import CourseError
    from autograder.executor import ExecutorError

    try:
        return options.command(options)
    except (CourseError, ExecutorError) as error:
        print(f"autograder: {error}", file=sys.stderr)
        return WRONG_INPUT


def _release(options: argparse.Namespace) -> int:
    from autograder.course import Course
    from autograder.release import release

    lectures = Course.find(options.course).select(options.lectures)
    for path in release(lectures):
        print(f"wrote {path}")
    return 0


def _validate(options: argparse.Namespace) -> int:
    from autograder.course import Course
    from autograder.fork_executor import ForkExecutor
    from autograder.validate import validate

    lectures = Course.find(options.course).select(options.lectures)
    valid = True
    with ForkExecutor() as executor:
        for lecture in lectures:
            validation = validate(lecture, executor, with_answers=options.answers)
            print(validation.report(), flush=True)
            valid = valid and not validation.problems
    return 0 if valid else FAILED


def _grade_demo(options: argparse.Namespace) -> int:
    from autograder.course import Course
    from autograder.demo import grade_demo

    lecture = Course.find(options.course).lecture(options.lecture)
    folder = options.out or Path(tempfile.mkdtemp(prefix="grade-demo-"))
    demonstration = grade_demo(lecture, folder, lambda student: print(f"grading {student}", flush=True))
    print(demonstration.report())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="autograder",
        description="Make the student versions of the lectures, check that a lecture is fit to be "
        "released, and show how a class is graded.",
    )
    parser.add_argument(
        "--course",
        metavar="DIR",
        help="The course's folder. By default it is the one around the working directory.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    which = (
        "A lecture's folder, number or name, for example 08_elbo_surgery or 08. All of them if none is named."
    )

    release = commands.add_parser(
        "release",
        help="Write the student versions into lectures/.",
        description="Write the student versions into lectures/: no solutions, no hidden tests, no "
        "outputs. Nothing is written unless every lecture named can be released.",
    )
    release.add_argument("lectures", nargs="*", metavar="LECTURE", help=which)
    release.set_defaults(command=_release)

    validate = commands.add_parser(
        "validate",
        help="Grade a lecture's source, its student version and its answer bank.",
        description="Grade a lecture's source, which must earn full points, its student version, "
        "which must earn none, and its answer bank, which must come out as labelled. The exit status is 1 "
        "if anything does not.",
    )
    validate.add_argument("lectures", nargs="*", metavar="LECTURE", help=which)
    validate.add_argument(
        "--answers",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="Whether to grade the answer bank, which takes the longest.",
    )
    validate.set_defaults(command=_validate)

    demo = commands.add_parser(
        "grade-demo",
        help="Grade a demonstration class through nbgrader.",
        description="Build a class of five in a folder: a complete, a half-right, an untouched and two broken "
        "submissions. Grade it through nbgrader with a gradebook, print the points and write feedback pages.",
    )
    demo.add_argument(
        "lecture",
        nargs="?",
        default=DEMO_LECTURE,
        metavar="LECTURE",
        help=f"The lecture's folder, number or name. It is {DEMO_LECTURE} if none is named.",
    )
    demo.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="An empty or new folder. By default a temporary one, which is kept.",
    )
    demo.set_defaults(command=_grade_demo)
    return parser


if __name__ == "__main__":
    sys.exit(main())
