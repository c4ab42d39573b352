"""The command ``autograder``, also available as ``python -m autograder``."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

# Each is a module of autograder.commands that defines NAME, HELP, DESCRIPTION, configure and run.
COMMANDS = (
    *("release", "validate", "collect", "grade", "feedback", "report", "export"),
    *("grade_demo", "check", "mutate"),
)
FAILED, WRONG_INPUT, INTERRUPTED = 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status.

    The status is 0 for success, 1 if a lecture or a submission failed, 2 for wrong input, 130 after Ctrl-C.
    """
    options = _parser().parse_args(arguments)
    # Imports are late, so that --help answers quickly: the notebook packages take seconds to import.
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
        description="Make the student versions of the lectures, check that a lecture is ready for "
        "release, and grade a class.",
    )
    parser.add_argument(
        "--course",
        metavar="DIR",
        help="The course's folder (default: the course that contains the working directory).",
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
