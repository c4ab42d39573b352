"""``autograder collect``: take submissions from Canvas, Moodle, or plain folders and archives."""

import argparse
from pathlib import Path

NAME = "collect"
HELP = "Collect submissions from Canvas, Moodle or zip archives into submitted/."
DESCRIPTION = (
    "Copy each student's notebook to submitted/STUDENT/LECTURE. Notebooks come from a download of Canvas or Moodle, or "
    "from a folder or zip archive with one folder, archive or notebook per student. Of several attempts, the newest "
    "counts. The exit status is 1 if a submission was not collected."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("path", type=Path, metavar="ZIP_OR_DIR", help="An archive or a folder.")
    parser.add_argument(
        "lecture",
        nargs="?",
        metavar="LECTURE",
        help="The lecture's folder, number or name. If it is omitted, the file names must identify it.",
    )
    parser.add_argument(
        "--force", action="store_true", help="Replace earlier submissions that differ from the new ones."
    )
    parser.add_argument("--json", action="store_true", help="Print what was collected as JSON.")


def run(options: argparse.Namespace) -> int:
    """Collect submissions and print a table; return 1 if one was not collected."""
    from autograder.intake.collect import CollectOutcome, as_json, collect, report
    from autograder.notebooks.course import Course

    course = Course.find(options.course)
    lecture = course.lecture(options.lecture) if options.lecture else None
    collected = collect(course, options.path, lecture, force=options.force)
    print(as_json(collected) if options.json else report(collected))
    return 1 if any(one.outcome is CollectOutcome.LEFT for one in collected) else 0
