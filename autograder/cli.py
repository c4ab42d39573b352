"""The command ``autograder``; ``python -m autograder`` is the same."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

# Each is a module of autograder.commands with the names NAME, HELP, DESCRIPTION, configure and run.
COMMANDS = (
    *("release", "validate", "collect", "grade", "feedback", "report", "export"),
    *("grade_demo", "check", "mutate"),
)
FAILED, WRONG_INPUT, INTERRUPTED = 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status.

    It is 0 for success, 1 if a lecture or a submission failed, 2 for wrong input, 130 after Ctrl-C.
    """
    options = _parser().parse_args(arguments)
    # Imports are late, so that --help answers at once: reading notebooks takes seconds to import.
    from autograder.judge.executor import ExecutorError
    from autograder.notebooks.course import CourseError

    try:
        return options.run(options)
    except (CourseError, ExecutorError) as error:
        print(f"autograder: {error}", file=sys.stderr)
        return WRONG_INPUT
    except KeyboardInterrupt:
        print("autograder: interrupted", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="autograder",
        description="Make the student versions of the lectures, check that a lecture is fit to be "
        "released, and grade a class.",
    )
    parser.add_argument(
        "--course",
        metavar="DIR",
        help="The course's folder. By default it is the one around the working directory.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in COMMANDS:
        module = importlib.import_module(f"autograder.commands.{name}")
        command = commands.add_parser(module.NAME, help=module.HELP, description=module.DESCRIPTION)
        module.configure(command)
        command.set_defaults(run=module.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
