"""``autograder export``: write grades for other systems."""

import argparse
from pathlib import Path

from autograder.commands import add_lectures

FORMATS = ("csv", "canvas", "moodle", "gradescope")

NAME = "export"
HELP = "Write grades for a spreadsheet, Canvas or Moodle, or an autograder for Gradescope."
DESCRIPTION = (
    "Write the grades as a table: csv for spreadsheets, canvas for import into Canvas's gradebook, moodle for "
    "Moodle's gradebook or an assignment's grading worksheet. With gradescope, write an archive to upload to "
    "Gradescope, which then grades there. The exit status is 1 if a student is missing from the roster."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    add_lectures(parser)
    parser.add_argument("--format", required=True, choices=FORMATS, help="The system to write for.")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="The file to write (default: a file in the folder reports/).",
    )
    parser.add_argument(
        "--roster",
        type=Path,
        metavar="FILE",
        help="For canvas and moodle: a CSV file that identifies each student. Export it from there, or write one "
        "with a column 'student' that contains the names of the submissions' folders.",
    )
    parser.add_argument(
        "--column",
        default="",
        metavar="NAME",
        help="For canvas: the name of the assignment's column in Canvas's own export, for example 'Lecture 3 (12345)'.",
    )
    parser.add_argument(
        "--trust-submissions",
        action="store_true",
        help="For gradescope: grade without a sandbox if Gradescope's container does not allow one. A submission "
        "can then read the hidden tests and change its own result.",
    )


def run(options: argparse.Namespace) -> int:
    """Write the file and print a summary of it."""
    from autograder.notebooks.course import Course

    _require_fitting(options)
    course = Course.find(options.course)
    return _export_zip(course, options) if options.format == "gradescope" else _export_table(course, options)


def _require_fitting(options: argparse.Namespace) -> None:
    from autograder.notebooks.course import CourseError

    given = {
        "--roster": (options.roster is not None, ("canvas", "moodle")),
        "--column": (bool(options.column), ("canvas",)),
        "--trust-submissions": (options.trust_submissions, ("gradescope",)),
    }
    for name, (is_given, formats) in given.items():
        if is_given and options.format not in formats:
            raise CourseError(f"{name} needs --format {' or '.join(formats)}, got {options.format}")


def _export_table(course, options: argparse.Namespace) -> int:
    from autograder.notebooks.course import CourseError
    from autograder.reports.exports import Graded, canvas_csv, grades_csv, moodle_csv
    from autograder.reports.graded import graded_lectures, read_marks
    from autograder.reports.marks import FAILED, WAITING
    from autograder.reports.pages import write_page
    from autograder.reports.plain_text import line
    from autograder.reports.roster import read_roster

    lectures = graded_lectures(course, options.lectures)
    if options.column and len(lectures) != 1:
        raise CourseError("--column names the column of one assignment: name exactly one lecture")
    roster = read_roster(options.roster) if options.roster else None
    marks = [list(read_marks(lecture)) for lecture in lectures]
    graded = [Graded(own[0].outline, own) for own in marks]
    if options.format == "csv":
        export = grades_csv(graded)
    elif options.format == "canvas":
        export = canvas_csv(graded, roster, options.column)
    else:
        export = moodle_csv(graded, roster)
    default = "grades.csv" if options.format == "csv" else f"{options.format}.csv"
    path = options.out or course.root / "reports" / default
    write_page(path, export.text)
    print(f"wrote {path}: {', '.join(f'{len(g.marks)} of {g.outline.lecture}' for g in graded)}")
    for status in (FAILED, WAITING):
        number = sum(one.status == status for own in marks for one in own)
        if number:
            print(f"{number} {status}; missing points count as 0")
    for student in export.unknown:
        print(f"left out: {line(student, 60)} does not match exactly one row of {options.roster}")
    return 1 if export.unknown else 0


def _export_zip(course, options: argparse.Namespace) -> int:
    from autograder.atomic import write_atomically
    from autograder.notebooks.course import CourseError
    from autograder.reports.gradescope_zip import autograder_zip

    lectures = course.select(options.lectures)
    if len(lectures) != 1:
        raise CourseError("an autograder for Gradescope grades one lecture: name exactly one")
    content = autograder_zip(lectures[0], trust_submissions=options.trust_submissions)
    path = options.out or course.root / "reports" / f"gradescope_{lectures[0].folder}.zip"
    write_atomically(path, content)
    print(
        f"wrote {path} ({len(content) / 1e6:.1f} MB): upload it under 'Configure Autograder'. It contains the "
        "hidden tests: do not share it. Hand in a solution there yourself before students do. If the result says that "
        "no sandbox is available, only --trust-submissions makes it grade; use that only for students you trust."
    )
    return 0
