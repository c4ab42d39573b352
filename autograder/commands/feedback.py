"""``autograder feedback``: write the pages that are returned to students."""

import argparse

from autograder.commands import add_lectures, add_students

NAME = "feedback"
HELP = "Write a feedback page for each student."
DESCRIPTION = (
    "Write feedback/STUDENT/LECTURE/NAME.html for every graded submission: points by exercise, messages of the "
    "checks, the student's own code, and comments from the gradebook. A page is a single file. For a hidden test it "
    "shows only the title, the points, whether it passed, and the hint. Run `autograder grade` first."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    add_lectures(parser)
    add_students(parser, "Write only these students' pages.")


def run(options: argparse.Namespace) -> int:
    """Write the pages and print their number."""
    from autograder.notebooks.course import Course
    from autograder.reports.feedback import feedback_page, feedback_path
    from autograder.reports.graded import graded_lectures, read_marks, require_students
    from autograder.reports.pages import write_page

    course = Course.find(options.course)
    lectures = graded_lectures(course, options.lectures)
    require_students(lectures, options.student)
    for lecture in lectures:
        written = 0
        for marks in read_marks(lecture, options.student):
            write_page(feedback_path(course, lecture, marks.record.student), feedback_page(marks))
            written += 1
        where = feedback_path(course, lecture, "STUDENT").relative_to(course.root)
        print(f"{lecture.folder}: wrote {written} {'page' if written == 1 else 'pages'}, {where}", flush=True)
    return 0
