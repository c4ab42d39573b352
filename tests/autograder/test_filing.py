"""Filing: what is filed already, and what goes wrong."""

import os
import sqlite3
from dataclasses import replace
from datetime import datetime

import pytest
from graded_course import (
    FULL,
    by_exercise,
    file,
    graded_course,
    hand_in,
    judged,
    open_gradebook,
    points,
)
from graded_databases import (
    course_on_each_database,  # noqa: F401 (a fixture)
    each_database,  # noqa: F401 (a fixture)
    lecture_on_each_database,  # noqa: F401 (a fixture)
    local_course,  # noqa: F401 (a fixture)
    server_for_all,  # noqa: F401 (a fixture)
)

from autograder.gradebook.filing import Filing
from autograder.notebooks.course import CourseError
from autograder.submission.record import Record

pytestmark = pytest.mark.notebook
DUE = datetime(2030, 1, 1)


# What is filed already


def test_only_what_is_as_it_was_filed_counts_as_filed(course, lecture):
    hand_in(lecture, "ada", FULL, "2029-12-31 12:00:00")
    record = judged(lecture, "ada")
    with Filing(course, lecture) as filing:
        assert not filing.is_filed(record)
        path = filing.file(record)

    def is_filed(record=record):
        with Filing(course, lecture) as filing:
            return filing.is_filed(record)

    assert is_filed()
    assert not is_filed(replace(record, key="of another text"))
    assert not is_filed(replace(record, seed=2))
    assert not is_filed(replace(record, student="bob"))
    stamp = lecture.course / "submitted/ada/03_toy/timestamp.txt"
    stamp.write_text("2029-12-31 13:00:00")
    assert not is_filed()
    stamp.write_text("2029-12-31 12:00:00")
    for damage in (b"{", b"[]", b'{"metadata": {"autograder": 3}}', b"\xff", b"[" * 100_000):
        whole = path.read_bytes()
        path.chmod(0o644)
        path.write_bytes(damage)
        assert not is_filed()
        path.write_bytes(whole)
    assert is_filed()
    with open_gradebook(course) as gradebook:
        gradebook.remove_submission("03_toy", "ada")
    assert not is_filed()


def test_the_time_of_handing_in_goes_along_and_an_old_one_goes_away(local):
    lecture = local.lecture("03")
    path = hand_in(lecture, "ada", FULL, "2029-12-31 12:00:00")
    file(local, judged(lecture, "ada"))
    copy = lecture.course / "autograded/ada/03_toy/timestamp.txt"
    assert copy.read_text() == "2029-12-31 12:00:00"
    (path.parent / "timestamp.txt").unlink()
    file(local, judged(lecture, "ada"))
    assert not copy.exists()


def test_a_timestamp_that_is_no_date_or_a_link_is_not_obeyed(local):
    lecture = local.lecture("03")
    hand_in(lecture, "ada", FULL, "yesterday <b>")
    path = hand_in(lecture, "bob", FULL)
    (lecture.course / "secret").write_text("2020-01-01 00:00:00")
    os.symlink(lecture.course / "secret", path.parent / "timestamp.txt")
    filing = file(local, judged(lecture, "ada"), judged(lecture, "bob"))
    assert len(filing.notes) == 1
    assert "ada: timestamp.txt does not contain a date ('yesterday <b>')" in filing.notes[0]
    assert not (lecture.course / "autograded/bob/03_toy/timestamp.txt").exists()
    with open_gradebook(local) as gradebook:
        assert gradebook.find_submission("03_toy", "bob").timestamp is None


# What goes wrong


def test_a_gradebook_in_use_by_another_program_is_one_sentence_and_nothing_is_filed(local):
    lecture = local.lecture("03")
    hand_in(lecture, "ada", FULL)
    record = judged(lecture, "ada")
    with Filing(local, lecture) as filing:
        other = sqlite3.connect(lecture.course / "gradebook.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        filing.grades.database.connection().exec_driver_sql("PRAGMA busy_timeout = 10")
        with pytest.raises(
            CourseError, match=r"gradebook.db is locked: another program is writing to it"
        ) as caught:
            filing.file(record)
        assert "\n" not in str(caught.value)
        assert not (lecture.course / "autograded/ada/03_toy/toy.ipynb").exists()
        other.execute("ROLLBACK")
        filing.file(record)
    assert by_exercise(points(local, "ada"))["double"] == 3


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("sqlite:////nowhere/at/all.db", "cannot be used: unable to open database file"),
        ("nonsense", "db_url must be the address of a database, got nonsense"),
        ("postgresql+pg8000://ada:password@host/grades", "ada:…@host/grades needs the Python package pg8000"),
        ("postgresql+psycopg://ada:password@/grades?host=/nowhere", "cannot be used: connection"),
        ("oracle+nothing://host", "db_url must be the address of a database, got oracle"),
    ],
)
def test_a_gradebook_that_cannot_be_had_is_one_sentence_without_its_password(tmp_path, url, sentence):
    if "psycopg" in url:
        pytest.importorskip("psycopg", reason="the driver psycopg is not installed")
    course = graded_course(tmp_path, url)
    with pytest.raises(CourseError) as caught:
        file(course)
    assert sentence in str(caught.value)
    assert "password" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_gradebook_is_one_sentence(local):
    (local.root / "gradebook.db").write_text("not a database, but quite long " * 50)
    with pytest.raises(CourseError, match="cannot be used: file is not a database"):
        file(local)


def test_a_folder_that_cannot_be_written_is_one_sentence(local):
    lecture = local.lecture("03")
    hand_in(lecture, "ada", FULL)
    (local.root / "autograded").write_text("a file in the way")
    with pytest.raises(
        CourseError, match=r"autograded/ada/03_toy/toy.ipynb cannot be written: Not a directory"
    ):
        file(local, judged(lecture, "ada"))


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "/etc", "../ada", "a\\b", "a\0b"])
def test_a_name_that_leaves_its_folder_is_refused(local, name):
    with pytest.raises(CourseError, match="not a valid folder name"):
        file(local, Record(name, "03_toy"))
