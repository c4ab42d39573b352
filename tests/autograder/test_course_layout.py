"""Finding lectures and reading notebooks, with good and bad input."""

import json
from pathlib import Path

import pytest

from autograder.notebooks.course import Course, CourseError, read_notebook


@pytest.mark.parametrize("wanted", ["03_toy", "03", "3", "toy"])
def test_a_lecture_is_found_by_folder_number_and_name(course, wanted):
    assert course.lecture(wanted).folder == "03_toy"


def test_an_unknown_lecture_is_refused_with_those_that_are_known(course):
    with pytest.raises(CourseError, match="must be one of 03_toy; got 'elbow'"):
        course.lecture("elbow")


def test_no_name_means_all_lectures_and_none_at_all_is_an_error(course, tmp_path):
    assert [lecture.folder for lecture in course.select([])] == ["03_toy"]
    (tmp_path / "solutions").rename(tmp_path / "elsewhere")
    with pytest.raises(CourseError, match="contains no lecture"):
        course.select([])


def test_the_course_is_found_from_a_folder_inside_it(course, monkeypatch):
    monkeypatch.chdir(course.root / "solutions" / "03_toy")
    assert Course.find().root == course.root


def test_a_folder_without_settings_is_not_a_course(tmp_path):
    with pytest.raises(CourseError, match="a course must contain nbgrader_config"):
        Course.find(tmp_path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "it is empty"),
        (b'{"cells": [', "it is not JSON"),
        (b"\xff\xfe\x00", "it is not encoded in UTF-8"),
        (b"[" * 200_000, "it is not JSON"),
        (b"[1, 2]", "has no nbformat entry"),
        (json.dumps({"nbformat": 3, "worksheets": []}).encode(), "must be 4, got 3"),
        (json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": [{}]}).encode(), "not a valid notebook"),
    ],
)
def test_what_is_no_notebook_gets_one_sentence(tmp_path, content, sentence):
    path = tmp_path / "broken.ipynb"
    path.write_bytes(content)
    with pytest.raises(CourseError, match=sentence) as raised:
        read_notebook(path)
    assert "\n" not in str(raised.value)


def test_a_missing_notebook_and_a_folder_in_its_place_get_a_sentence(tmp_path):
    with pytest.raises(CourseError, match="does not exist"):
        read_notebook(tmp_path / "missing.ipynb")
    with pytest.raises(CourseError, match="cannot be read"):
        read_notebook(Path(tmp_path))


def test_a_notebook_written_with_lists_of_lines_is_read_as_text(lecture):
    content = json.loads(lecture.source.read_text())
    content["cells"][0]["source"] = ["# A\n", "title"]
    lecture.source.write_text(json.dumps(content))
    assert read_notebook(lecture.source).cells[0].source == "# A\ntitle"
