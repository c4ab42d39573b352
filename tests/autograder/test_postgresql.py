"""A gradebook on a real PostgreSQL server; what is the same on both databases, test_filed_grades.py tests on both."""

import subprocess
import sys

import pytest
from graded_course import (
    FULL,
    ScriptedJudge,
    by_exercise,
    graded_course,
    hand_in,
    judged,
    open_gradebook,
    points,
    table_rows,
)
from graded_databases import (
    running_server,
    server_for_all,  # noqa: F401 (a fixture)
)

from autograder.gradebook import nbgrader_plugin
from autograder.gradebook.conversions import NbgraderCourse
from autograder.gradebook.filing import Filing
from autograder.notebooks.course import CourseError

pytestmark = pytest.mark.notebook


@pytest.fixture
def course(tmp_path, postgresql):
    """The course with manual cells, in a database where there is nothing yet."""
    return graded_course(
        tmp_path, postgresql.database(tmp_path.name.lower()[-30:] + tmp_path.parent.name[-5:])
    )


@pytest.fixture
def local(tmp_path_factory):
    """The same on SQLite."""
    return graded_course(tmp_path_factory.mktemp("local"))


def file(course, *students):
    with Filing(course, course.lecture("03")) as filing:
        for student in students:
            filing.file(judged(course.lecture("03"), student))


def the_class(course):
    hand_in(course.lecture("03"), "ada", {**FULL, "essay": "A sum."}, "2030-01-01 00:00:00 UTC")
    hand_in(course.lecture("03"), "bob", {"double": "HALF NOISE"})
    return ["ada", "bob"]


def test_an_empty_database_becomes_a_gradebook(course, local):
    for each in (course, local):
        file(each, *the_class(each))
    assert table_rows(course) == table_rows(local)
    assert by_exercise(points(course, "bob"))["double"] == 1.5


def test_nbgraders_autograde_and_filing_agree_on_postgresql(course, local, monkeypatch):
    monkeypatch.setattr(nbgrader_plugin, "_shared", [ScriptedJudge()])
    NbgraderCourse(course.root).release(course.lecture("03"))
    the_class(course)
    NbgraderCourse(course.root).autograde(course.lecture("03"), "*")
    file(local, *the_class(local))
    by_nbgrader = table_rows(course)
    assert by_nbgrader == table_rows(local)
    file(course, "ada", "bob")
    assert table_rows(course) == by_nbgrader


def test_nbgraders_export_reads_what_was_filed(course):
    file(course, *the_class(course))
    command = [sys.executable, "-m", "nbgrader", "export", "--to", "grades.csv"]
    subprocess.run(command, cwd=course.root, check=True, capture_output=True)
    rows = [line.split(",") for line in (course.root / "grades.csv").read_text().splitlines()]
    assert {row[rows[0].index("student_id")]: row[rows[0].index("score")] for row in rows[1:]} == {
        "ada": "7.0",
        "bob": "1.5",
    }


def test_a_server_that_goes_away_is_one_sentence_and_filing_goes_on_when_it_is_back(tmp_path):
    with running_server() as server:
        course = graded_course(tmp_path, server.database("copy", template="gradebook"))
        lecture = course.lecture("03")
        students = the_class(course)
        with Filing(course, lecture) as filing:
            filing.file(judged(lecture, "ada"))
            server.stop()
            for ask in (filing.file, lambda record: filing.settled):
                with pytest.raises(
                    CourseError, match=r"^the gradebook postgresql.* cannot be used: "
                ) as caught:
                    ask(judged(lecture, "bob"))
                assert "\n" not in str(caught.value)
            assert not (course.root / "autograded/bob").exists()
            server.start()
            filing.file(judged(lecture, "bob"))
        assert {name: sum(points(course, name).values()) for name in students} == {"ada": 7, "bob": 1.5}


def test_a_database_that_does_not_exist_is_one_sentence(tmp_path, postgresql):
    course = graded_course(tmp_path, postgresql.database("other").replace("/other?", "/missing?"))
    with pytest.raises(CourseError, match='database "missing" does not exist'):
        file(course)


def test_one_name_that_the_database_refuses_leaves_the_others_as_they_are(course):
    file(course, *the_class(course))
    before = table_rows(course)
    long = "x" * 129  # nbgrader's columns have 128
    hand_in(course.lecture("03"), long, FULL)
    with Filing(course, course.lecture("03")) as filing:
        with pytest.raises(CourseError, match="value too long") as caught:
            filing.file(judged(course.lecture("03"), long))
        assert "\n" not in str(caught.value)
        filing.file(judged(course.lecture("03"), "ada"))
    assert table_rows(course) == before


def test_a_person_may_grade_while_a_class_is_filed(course):
    file(course, *the_class(course))
    with open_gradebook(course) as formgrader, Filing(course, course.lecture("03")) as filing:
        grade = formgrader.find_grade("essay", "toy", "03_toy", "ada")
        grade.manual_score = 2.0
        formgrader.db.flush()  # typed, and not yet committed
        filing.file(judged(course.lecture("03"), "bob"))
        formgrader.db.commit()
        filing.file(judged(course.lecture("03"), "ada"))
    assert points(course, "ada")["essay"] == 2
