"""A class graded through nbgrader: its gradebook, its feedback, and submissions that are broken."""

import itertools
import re
import subprocess
import sys

import nbformat
import pytest
from conftest import cell_of, make_course

from autograder import nbgrader_plugin
from autograder.conversions import NbgraderCourse
from autograder.course import CourseError, read_notebook
from autograder.demo import STUDENTS, about_half, grade_demo, grade_student
from autograder.exercises import exercises
from autograder.release import student_versions

pytestmark = pytest.mark.notebook


@pytest.fixture(scope="module")
def lecture(tmp_path_factory):
    """The toy lecture, the same for all tests here: a new gradebook takes seconds."""
    return make_course(tmp_path_factory.mktemp("course")).lecture("03")


@pytest.fixture(scope="module", autouse=True)
def _one_warm_process(executor):
    """Have nbgrader use the process that the other tests use."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nbgrader_plugin, "_shared", [executor])
        yield


@pytest.fixture(scope="module")
def demonstration(lecture, tmp_path_factory):
    return grade_demo(lecture, tmp_path_factory.mktemp("class"))


def test_points_are_full_about_half_none_and_explained(demonstration):
    results = {result.student: result for result in demonstration.results}
    assert tuple(results) == STUDENTS
    totals = {student: sum(result.points.values()) for student, result in results.items()}
    assert totals == {
        "complete": 7,
        "half_right": 3,
        "untouched": 0,
        "syntax_error": 3,
        "not_a_notebook": 0,
    }
    assert "it is not JSON" in results["not_a_notebook"].failure
    report = demonstration.report()
    for line in (
        r"complete +3 +4 +7 +100 %",
        r"untouched +0 +0 +0 +0 %",
        r"not_a_notebook could not be graded: ",
    ):
        assert re.search(line, report)


def test_feedback_names_hidden_tests_and_shows_nothing_of_them(demonstration):
    pages = {
        result.student: result.feedback.read_text() for result in demonstration.results if result.feedback
    }
    assert set(pages) == {"complete", "half_right", "untouched", "syntax_error"}
    for page in pages.values():
        assert "HIDDEN TESTS" not in page
        assert "The same on other inputs." in page
        text = re.sub(r"<[^>]+>|&\w+;|\s", "", page)
        assert "[4.0,1.0,2.0,9.0]" not in text
        assert "-3.0" not in text
    assert "✓ passed" in pages["complete"]
    assert "did not pass" not in pages["complete"]
    assert "✗ did not pass" in pages["untouched"]
    assert "NotImplementedError" in pages["untouched"]


def test_a_page_for_each_student_lies_where_the_report_says(demonstration):
    assert str(demonstration.folder / "feedback") in demonstration.report()
    assert len(list((demonstration.folder / "feedback").glob("*/03_toy/toy.html"))) == 4


def test_a_folder_in_use_is_refused(lecture, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CourseError, match="is not empty"):
        grade_demo(lecture, tmp_path)


def test_half_is_chosen_by_points(notebook):
    assert about_half(list(exercises(notebook).values())) in ({"double"}, {"mean"})


@pytest.fixture(scope="module")
def hand_in(lecture):
    """The course with its student version released; called with a change, it grades a new student."""
    course = NbgraderCourse(lecture.course)
    released = read_notebook(course.release(lecture))
    source = read_notebook(lecture.source)
    students = (f"student{number}" for number in itertools.count())

    def hand_in(change):
        notebook = nbformat.from_dict(released)
        for name in ("double", "mean"):
            cell_of(notebook, name).source = cell_of(source, name).source
        change(notebook)
        student = next(students)
        path = course.root / "submitted" / student / lecture.folder / lecture.source.name
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
        return grade_student(course, lecture, student)

    return hand_in


def edited_test(notebook):
    cell_of(notebook, "double").source = "def double(x):\n    return 0.0"
    cell_of(notebook, "double_visible").source = "pass"
    cell_of(notebook, "double_visible").metadata.nbgrader.points = 100


def deleted_tests(notebook):
    cell_of(notebook, "double").source = "def double(x):\n    return 0.0"
    notebook.cells = [cell for cell in notebook.cells if cell.id not in ("double_visible", "double_hidden")]


def noisy(notebook):
    cell_of(notebook, "double").source = "import sys\nprint('x', file=sys.stderr)\n" + cell_of(
        notebook, "double"
    ).source.replace("return", "print('y', file=sys.stderr)\n    return")


def crashing(notebook):
    cell_of(notebook, "double").source = "import os\ndef double(x):\n    os._exit(0)"


def scripted(notebook):
    script = "<script>document.title</script>"
    cell_of(notebook, "title").source = f"# Title {script}"
    source = cell_of(notebook, "double").source
    cell_of(
        notebook, "double"
    ).source = (
        f"from IPython.display import HTML, display\ndisplay(HTML({script!r}))\nprint({script!r})\n{source}"
    )


def renamed_test(notebook):
    cell_of(notebook, "double_visible").metadata.nbgrader.grade_id = "double_own"


@pytest.mark.parametrize(
    ("change", "points"),
    [
        (edited_test, {"double": 0, "mean": 4}),
        (deleted_tests, {"double": 0, "mean": 4}),
        (noisy, {"double": 3, "mean": 4}),
        (crashing, {"double": 0, "mean": 4}),
        (renamed_test, {"double": 3, "mean": 4}),
    ],
)
def test_nbgrader_files_the_points_that_are_due(hand_in, change, points):
    assert hand_in(change).points == points


def test_scripts_in_a_submission_do_not_reach_its_page(hand_in):
    page = hand_in(scripted).feedback.read_text()
    assert "<script>document.title" not in page
    assert "&lt;script&gt;document.title" in page


def test_the_seed_of_the_checks_is_stored_with_the_grade(hand_in, lecture):
    student = hand_in(lambda notebook: None).student
    graded = read_notebook(lecture.course / "autograded" / student / lecture.folder / lecture.source.name)
    assert isinstance(graded.metadata.autograder.check_seed, int)


def test_a_submission_that_was_never_made_gets_a_sentence(lecture):
    assert "does not exist" in grade_student(NbgraderCourse(lecture.course), lecture, "nobody").failure


def test_nbgraders_own_command_makes_the_same_student_version(tmp_path):
    course = make_course(tmp_path)
    lecture = course.lecture("03")
    ours = student_versions([lecture])[lecture.folder]
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", lecture.folder, "--no-db"]
    subprocess.run(command, cwd=course.root, check=True, capture_output=True)
    assert lecture.student_version.read_text() == ours
