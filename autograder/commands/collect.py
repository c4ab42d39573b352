"""``autograder collect``: submissions out of Canvas, Moodle or plain folders and archives."""

import argparse
from pathlib import Path

NAME = "collect"
HELP = "Put submissions from Canvas, Moodle or zip archives where grading finds them."
DESCRIPTION = (
    "Put each student's notebook into submitted/STUDENT/LECTURE. It is read out of what Canvas or Moodle give to "
    "download, or of a folder or zip archive with a folder, an archive or a notebook for each student. Of several "
    "attempts the newest counts. The exit status is 1 if anybody's submission was not collected."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("path", type=Path, metavar="ZIP_OR_DIR", help="An archive or a folder.")
    parser.add_argument(
        "lecture",
        nargs="?",
        metavar="LECTURE",
        help="The lecture's folder, number or name. If none is named, the files' names must tell it.",
    )
    parser.add_argument(
        "--force", action="store_true", help="Replace submissions that differ from the new ones."
    )
    parser.add_argument("--json", action="store_true", help="Print what was collected as JSON.")


def run(options: argparse.Namespace) -> int:
    """Collect and print a table; 1 if something was not collected."""
    from autograder.intake.collect import CollectOutcome, as_json, collect, report
    from autograder.notebooks.course import Course

    course = Course.find(options.course)
    lecture = course.lecture(options.lecture) if options.lecture else None
    collected = collect(course, options.path, lecture, force=options.force)
    print(as_json(collected) if options.json else report(collected))
    return 1 if any(one.outcome is CollectOutcome.LEFT for one in collected) else 0
