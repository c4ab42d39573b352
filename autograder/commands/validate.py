"""``autograder validate``: check that a lecture is ready for release."""

import argparse

from autograder.commands import add_judges, add_lectures

NAME = "validate"
HELP = "Grade a lecture's source, its student version and its answer bank."
DESCRIPTION = (
    "Grade a lecture's source, which must earn full points, its student version, which must earn none, and its "
    "answer bank, whose answers must be graded as labeled: right or wrong, with the stated hint. The exit status is 1 "
    "if one of these fails."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    add_lectures(parser)
    add_judges(parser)
    parser.add_argument(
        "--answers",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="Grade the answer bank too, which takes longest (default), or not.",
    )


def run(options: argparse.Namespace) -> int:
    """Print a report for each lecture; return 1 if one has a problem."""
    from autograder.bank.validate import validate
    from autograder.judge.pool import JudgePool
    from autograder.notebooks.course import Course

    lectures = Course.find(options.course).select(options.lectures)
    valid = True
    with JudgePool(options.jobs, trust_submissions=options.trust_submissions) as executor:
        for lecture in lectures:
            validation = validate(lecture, executor, with_answers=options.answers)
            print(validation.report(), flush=True)
            valid = valid and not validation.problems
    return 0 if valid else 1
