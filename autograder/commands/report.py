"""``autograder report``: summarize the results of a class."""

import argparse

from autograder.commands import add_lectures

NAME = "report"
HELP = "Write a report on a class, for the instructor."
DESCRIPTION = (
    "Print a summary of a class's results and write reports/LECTURE.html: the distribution of points, in total and by "
    "exercise; the most frequent failures, and the wrong answer of the bank that each looks like; signs of tampering; "
    "submissions that could not be graded; time and memory. Run `autograder grade` first."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    add_lectures(parser)
    parser.add_argument(
        "--with-bank",
        action="store_true",
        help="Grade the answer bank, to compare failures with its wrong answers. The result is kept until source, "
        "answers or grader change; later reports use it without this option.",
    )


def run(options: argparse.Namespace) -> int:
    """Write a page for each lecture and print its summary."""
    from autograder.bank.answers import WORKERS
    from autograder.judge.pool import JudgePool
    from autograder.notebooks.course import Course
    from autograder.reports.class_report import class_report, report_page, report_summary
    from autograder.reports.graded import graded_lectures, read_marks
    from autograder.reports.pages import write_page
    from autograder.reports.wrong_answers import read_bank

    def judge():
        return JudgePool(WORKERS, trust_submissions=True)  # the answers are the course's own code

    course = Course.find(options.course)
    for lecture in graded_lectures(course, options.lectures):
        marks = list(read_marks(lecture))
        bank = read_bank(lecture, judge if options.with_bank else None)
        report = class_report(marks[0].outline, marks, bank)
        path = course.root / "reports" / f"{lecture.folder}.html"
        write_page(path, report_page(report))
        print(f"{report_summary(report)}\nwrote {path}", flush=True)
    return 0
