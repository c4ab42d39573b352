"""Fixtures of the toy course."""

import pytest
from toy_course import make_course, toy_notebook

from autograder.notebooks.course import Course, Lecture


@pytest.fixture
def notebook():
    """The toy notebook, to be changed at will."""
    return toy_notebook()


@pytest.fixture
def course(tmp_path) -> Course:
    """The toy course, to be changed at will."""
    return make_course(tmp_path)


@pytest.fixture
def lecture(course) -> Lecture:
    """The toy lecture."""
    return course.lecture("03")
