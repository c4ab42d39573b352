"""nbgrader's own generate_feedback, with this course's settings: what a student may see."""

import json
import re

import nbformat
import pytest
from graded_course import (
    ScriptedJudge,
    graded_course,
    hand_in,
)
from toy_course import cell_of, toy_notebook

from autograder.gradebook import nbgrader_plugin
from autograder.gradebook.conversions import NbgraderCourse
from autograder.gradebook.nbgrader_plugin import RedactHiddenTests, safe_markdown

pytestmark = pytest.mark.notebook


@pytest.fixture
def course(tmp_path, monkeypatch):
    """The course, released, and judged by the scripted judge."""
    monkeypatch.setattr(nbgrader_plugin, "_shared", [ScriptedJudge()])
    course = graded_course(tmp_path)
    NbgraderCourse(course.root).release(course.lecture("03"))
    return course


def autograde(course):
    NbgraderCourse(course.root).autograde(course.lecture("03"), "*")


def feedback(course, student):
    return NbgraderCourse(course.root).feedback(course.lecture("03"), student).read_text()


def graded(course, student):
    return nbformat.read(course.root / f"autograded/{student}/03_toy/toy.ipynb", as_version=4)


def test_a_page_shows_of_hidden_tests_their_comment_whether_they_passed_and_a_hint(course):
    lecture = course.lecture("03")
    hand_in(lecture, "ada", {"double": "FULL NOISE", "mean": "wrong NOISE"})
    hand_in(lecture, "bob", {"double": "HALF"})
    autograde(course)
    texts = {student: _text(feedback(course, student)) for student in ("ada", "bob")}
    for text in texts.values():
        assert text.count("# The same on other inputs.") == 2
        for secret in ("SECRET of mean_hidden", "HIDDEN TESTS", "4.0, 1.0, 2.0, 9.0", "in mean_hidden"):
            assert secret not in text
    assert text.count("◐ partly passed") == 1
    assert "SECRET of mean_visible" in texts["ada"]
    assert "warned in mean_visible" in texts["ada"]
    assert "✗ did not pass: HINT" in texts["ada"]
    assert texts["ada"].count("✓ passed") == 1


def test_no_output_of_a_hidden_test_is_kept_whatever_it_is():
    notebook = toy_notebook()
    cell = cell_of(notebook, "mean_hidden")
    cell.outputs = [
        nbformat.v4.new_output("stream", name="stderr", text="SECRET"),
        nbformat.v4.new_output("display_data", data={"text/html": "SECRET", "image/png": "SECRET"}),
        nbformat.v4.new_output("error", ename="SECRET", evalue="SECRET", traceback=["SECRET"]),
    ]
    shown, _ = RedactHiddenTests()(notebook, {})
    cell = cell_of(shown, "mean_hidden")
    assert [output.text for output in cell.outputs] == ["✗ did not pass\n"]
    assert "SECRET" not in json.dumps(shown)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*a* `b`", "<p><em>a</em> <code>b</code></p>"),
        ("a <script>b</script>", "<p>a &lt;script&gt;b&lt;/script&gt;</p>"),
        ('<a href="javascript:b" onclick="c" id="double_hidden">d</a>', "<p><a>d</a></p>"),
        ("[a](https://b.org)", '<p><a href="https://b.org">a</a></p>'),
        ("$a < b$ $\\href{javascript:c}{d}$", "<p>$a &lt; b$ $\\mathrm{href}{javascript:c}{d}$</p>"),
        ("<p>$\\h<!-- x -->ref{c}{d}$</p>", "<p>$\\mathrm{href}{c}{d}$</p>"),
        ("<p>$&bsol;h&#114;ef{c}{d}$</p>", "<p>$\\mathrm{href}{c}{d}$</p>"),
        ("<p>$\\csname href\\endcsname{c}$</p>", "<p>$\\mathrm{csname} href\\endcsname{c}$</p>"),
        ("$\\style{position:fixed}{a}$", "<p>$\\mathrm{style}{position:fixed}{a}$</p>"),
        ("$\\defeq \\alpha$", "<p>$\\defeq \\alpha$</p>"),
        ("![a](attachment:b.png) <b>", "<pre>![a](attachment:b.png) &lt;b&gt;</pre>"),
        ('<span class="btn full-credit">a</span>', "<p><span>a</span></p>"),
        ('<span class="highlight">a</span>', '<p><span class="highlight">a</span></p>'),
    ],
)
def test_markdown_in_a_page_is_formatted_and_can_do_nothing(text, html):
    assert safe_markdown({}, text).strip() == html


def test_a_page_of_what_could_not_be_graded_has_the_sentence_for_the_student_alone(course):
    hand_in(course.lecture("03"), "ada", {}).write_text("{")
    autograde(course)
    text = _text(feedback(course, "ada"))
    said = graded(course, "ada").metadata.autograder
    assert said.failure_for_student in text
    assert said.failure not in text


def _text(page: str) -> str:
    body = page[page.index("<body") :]
    return re.sub(r"<[^>]+>", "", body).replace("&#39;", "'")
