"""Every committed student version is what its source gives, and holds nothing that students must not see."""

from pathlib import Path

import pytest

from autograder.bank.validate import complete_problems, grade_untouched, untouched_problems
from autograder.gradebook.release import leaks, stale, student_versions
from autograder.notebooks.course import Course, Lecture, read_notebook, read_source
from autograder.notebooks.structure import structure_problems
from autograder.submission.grading import grade

pytestmark = pytest.mark.notebook

COURSE = Course.find(Path(__file__).parents[1])
LECTURES = COURSE.lectures()
SEEDS = range(1, 21)


def by_folder(lecture: Lecture) -> str:
    """Name a test's case."""
    return lecture.folder


@pytest.fixture(params=LECTURES, ids=by_folder)
def lecture(request) -> Lecture:
    """Each lecture in turn."""
    return request.param


def test_there_are_lectures_to_release():
    assert LECTURES, "solutions/ holds no lecture"


def test_no_student_version_is_left_over():
    released = {path.parent.name for path in (COURSE.root / "lectures").glob("*/*.ipynb")}
    assert released == {lecture.folder for lecture in LECTURES}


def test_the_student_version_is_up_to_date(lecture):
    assert stale(lecture) is None


def test_the_student_version_leaks_nothing(lecture):
    assert leaks(read_notebook(lecture.student_version), read_source(lecture)) == []


def test_a_second_release_is_the_same_to_the_byte(lecture):
    assert student_versions([lecture]) == student_versions([lecture])


def test_the_exercises_are_built_as_they_must_be(lecture):
    assert structure_problems(read_source(lecture)) == []


def test_the_source_earns_full_points(lecture, executor):
    assert complete_problems(grade(read_source(lecture), executor)) == []


def test_the_untouched_student_version_earns_none_by_not_implemented_error_alone(lecture, executor):
    source, student_version = read_source(lecture), read_notebook(lecture.student_version)
    assert untouched_problems(grade_untouched(source, student_version, executor)) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_the_source_earns_full_points_on_inputs_drawn_anew(lecture, executor, seed):
    assert complete_problems(grade(read_source(lecture), executor, seed=seed)) == []
