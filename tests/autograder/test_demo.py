"""The demonstration class: its points, its gradebook, its feedback."""

import re
import subprocess
import sys

import pytest
from toy_course import make_course

from autograder.gradebook.conversions import NbgraderCourse
from autograder.gradebook.release import student_versions
from autograder.notebooks.course import CourseError
from autograder.notebooks.exercises import exercises
from autograder.reports.demo import STUDENTS, about_half, grade_demo

pytestmark = pytest.mark.notebook


@pytest.fixture(scope="module")
def lecture(tmp_path_factory):
    """The toy lecture, the same for all tests here: a new gradebook takes seconds."""
    return make_course(tmp_path_factory.mktemp("course")).lecture("03")


@pytest.fixture(scope="module")
def demonstration(lecture, executor, tmp_path_factory):
    return grade_demo(lecture, tmp_path_factory.mktemp("class"), executor)


def test_points_are_full_about_half_none_and_explained(demonstration):
    records = {record.student: record for record in demonstration.records}
    assert tuple(records) == STUDENTS
    totals = {student: record.earned for student, record in records.items()}
    assert totals == {
        "complete": 7,
        "half_right": 3,
        "untouched": 0,
        "syntax_error": 3,
        "not_a_notebook": 0,
    }
    assert "it ends too early" in records["not_a_notebook"].failure
    report = demonstration.report()
    for line in (
        r"complete +3 +4 +7 +100 %",
        r"untouched +0 +0 +0 +0 %",
        r"not_a_notebook could not be graded: ",
    ):
        assert re.search(line, report)


def test_the_gradebook_has_the_points_of_the_records(demonstration):
    course = NbgraderCourse(demonstration.folder)
    for record in demonstration.records:
        assert sum(course.points(demonstration.lecture, record.student).values()) == record.earned


def test_a_page_for_each_student_lies_where_the_report_says_and_shows_nothing_hidden(demonstration):
    assert str(demonstration.folder / "feedback") in demonstration.report()
    pages = [path.read_text() for path in (demonstration.folder / "feedback").glob("*/03_toy/toy.html")]
    assert len(pages) == len(STUDENTS)
    assert sum("The same on other inputs." in page for page in pages) == len(STUDENTS) - 1
    for page in pages:
        text = re.sub(r"<[^>]+>|&\w+;|\s", "", page)
        assert "[4.0,1.0,2.0,9.0]" not in text
        assert "HIDDENTESTS" not in text


def test_a_folder_in_use_is_refused(lecture, executor, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CourseError, match="must be empty or new"):
        grade_demo(lecture, tmp_path, executor)


def test_half_is_chosen_by_points(notebook):
    assert about_half(list(exercises(notebook).values())) in ({"double"}, {"mean"})


def test_nbgraders_own_command_makes_the_same_student_version(tmp_path):
    course = make_course(tmp_path)
    lecture = course.lecture("03")
    ours = student_versions([lecture])[lecture.folder]
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", lecture.folder, "--no-db"]
    subprocess.run(command, cwd=course.root, check=True, capture_output=True)
    assert lecture.student_version.read_text() == ours
