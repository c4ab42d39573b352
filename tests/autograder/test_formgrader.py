"""nbgrader's formgrader, as a server of its own, on a class that was filed."""

import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from html.parser import HTMLParser
from pathlib import Path

import pytest
from graded_course import (
    FULL,
    by_exercise,
    graded_course,
    hand_in,
    judged,
    manual_notebook,
    points,
)
from graded_databases import (
    KINDS,
    new_gradebook,
    server_for_all,  # noqa: F401 (a fixture)
)
from toy_course import write_source
from waiting import HANG_SECONDS, wait_for

from autograder.gradebook.filing import Filing
from autograder.notebooks.course import Course, Lecture

pytestmark = pytest.mark.notebook
TOKEN = "token"
ESSAY = """It is *a sum*, $a < b$. <script>alert(1)</script>

<a href="javascript:alert(2)" onclick="alert(3)" class="btn full-credit" id="essay">x</a> [y](javascript:alert(4))
$\\href{javascript:alert(5)}{z}$ <img src=x onerror=alert(6)> <input id="double_hidden">
"""


class Formgrader:
    """The server, and what a browser asks it for."""

    def __init__(self, root):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        folders = {f"JUPYTER_{kind}_DIR": str(root / kind) for kind in ("RUNTIME", "CONFIG", "DATA")}
        extensions = {"nbgrader.server_extensions.formgrader": True}
        command = [
            sys.executable,
            "-m",
            "jupyter_server",
            "--no-browser",
            "--allow-root",
            f"--port={self.port}",
        ]
        command += ["--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}"]
        command += [f"--ServerApp.jpserver_extensions={extensions}"]
        self.log = (root / "server.log").open("w+")
        self.process = subprocess.Popen(
            command, cwd=root, env={**os.environ, **folders}, stdout=self.log, stderr=subprocess.STDOUT
        )
        wait_for(self._answers)

    def _answers(self):
        self.log.flush()
        assert self.process.poll() is None, f"the server did not start: {Path(self.log.name).read_text()}"
        try:
            return self.ask("/api/status")
        except urllib.error.URLError:
            return None

    def ask(self, path, method="GET", **data):
        """Return a page or, of the API, what it says."""
        body = json.dumps(data).encode() if data else None
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, method=method)
        request.add_header("Authorization", f"token {TOKEN}")
        with urllib.request.urlopen(request, timeout=HANG_SECONDS) as answer:
            text = answer.read().decode()
        return json.loads(text) if "/api/" in path else text

    def close(self):
        """End the server."""
        self.process.terminate()
        self.process.wait()
        self.log.seek(0)
        text = self.log.read()
        self.log.close()
        assert "Traceback" not in text, text


@pytest.fixture(scope="module", params=KINDS)
def course(request, tmp_path_factory):
    """A class of three, graded by Filing, in a gradebook that has another lecture too."""
    root = tmp_path_factory.mktemp("course")
    course = graded_course(root, new_gradebook(request.param, root, request))
    other = Lecture(root, "04_toy")
    write_source(other, manual_notebook())
    hand_in(course.lecture("03"), "ada", {**FULL, "essay": ESSAY}, "2030-01-01 00:00:00")
    hand_in(course.lecture("03"), "bob", {"double": "HALF", "plot": "draw(1)"})
    hand_in(other, "bob", {"double": "FULL"})
    broken = course.root / "submitted/cyd/03_toy"
    broken.mkdir(parents=True)
    (broken / "toy.ipynb").write_text("{")
    file(course.lecture("03"), "ada", "bob", "cyd")
    file(other, "bob")
    return course


def file(lecture, *students):
    with Filing(Course(lecture.course), lecture) as filing:
        for student in students:
            filing.file(judged(lecture, student))


@pytest.fixture(scope="module")
def formgrader(course):
    server = Formgrader(course.root)
    yield server
    server.close()


@pytest.fixture
def books(formgrader):
    """The submitted notebooks of lecture 03, by student."""
    listed = formgrader.ask("/formgrader/api/submitted_notebooks/03_toy/toy")
    return {book["student"]: book for book in listed}


def test_every_page_opens(formgrader):
    for page in (
        *("manage_assignments", "manage_submissions/03_toy", "manage_students", "manage_students/ada"),
        *("gradebook", "gradebook/03_toy", "gradebook/03_toy/toy"),
    ):
        assert "<title>" in formgrader.ask(f"/formgrader/{page}")


def test_lectures_and_submissions_are_listed_with_their_points(formgrader):
    lectures = {each["name"]: each for each in formgrader.ask("/formgrader/api/assignments")}
    assert {name: each["num_submissions"] for name, each in lectures.items()} == {"03_toy": 3, "04_toy": 1}
    assert lectures["03_toy"]["max_score"] == 16
    listed = {each["student"]: each for each in formgrader.ask("/formgrader/api/submissions/03_toy")}
    assert {name: each["score"] for name, each in listed.items()} == {"ada": 7, "bob": 1.5, "cyd": 0}
    assert all(each["autograded"] and each["submitted"] for each in listed.values())
    assert {name for name, each in listed.items() if each["display_timestamp"]} == {"ada"}


def test_a_submissions_page_shows_its_cells_and_no_script_of_its_own(formgrader, books):
    page = formgrader.ask(f"/formgrader/submissions/{books['ada']['id']}/")
    end = '<div class="panel-footer">\n<div><textarea class="comment tabbable" id="essay'
    own = page[page.index("<p>It is <em>a sum</em>") : page.index(end)]
    assert "a &lt; b" in own and "\\href" not in own
    elements = Elements(own).found
    assert ("a", {}) in elements
    assert {name for name, attributes in elements} == {"p", "em", "a"}
    assert not any(attributes for name, attributes in elements)
    assert page.count('class="score tabbable" id="double_hidden"') == 1


class Elements(HTMLParser):
    """The elements of a piece of HTML and their attributes, as a browser would find them."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Note an element."""
        self.found.append((tag, dict(attrs)))


def test_what_could_not_be_graded_says_so_on_its_page(formgrader, books):
    page = formgrader.ask(f"/formgrader/submissions/{books['cyd']['id']}/")
    assert "is not a notebook" in page


def test_points_that_a_person_types_stay_when_the_submission_is_graded_again(formgrader, books, course):
    def grades():
        listed = formgrader.ask(f"/formgrader/api/grades?submission_id={books['bob']['id']}")
        return {grade["name"]: grade for grade in listed}

    comments = formgrader.ask(f"/formgrader/api/comments?submission_id={books['bob']['id']}")
    comment = next(each["id"] for each in comments if each["name"] == "plot")
    before = grades()
    assert before["plot"]["needs_manual_grade"] and before["task"]["needs_manual_grade"]
    assert before["essay"]["auto_score"] == 0  # nothing was written
    typed = {"plot": (1.5, None), "task": (4, None), "double_visible": (1, 0.25)}
    for name, (score, extra) in typed.items():
        path = f"/formgrader/api/grade/{before[name]['id']}"
        formgrader.ask(path, "PUT", manual_score=score, extra_credit=extra)
    formgrader.ask(f"/formgrader/api/comment/{comment}", "PUT", manual_comment="Label the axes.")
    hand_in(course.lecture("03"), "bob", {"double": "HALF", "mean": "FULL", "plot": "draw(2)"})
    file(course.lecture("03"), "bob")
    assert by_exercise(points(course, "bob")) == {
        **{"double": 1 + 0.25 + 1, "mean": 4, "essay": 0, "plot": 1.5, "task": 4}
    }
    after = grades()
    assert after["plot"]["needs_manual_grade"] and after["double_visible"]["needs_manual_grade"]
    said = formgrader.ask(f"/formgrader/api/comments?submission_id={books['bob']['id']}")
    assert {each["name"]: each["manual_comment"] for each in said}["plot"] == "Label the axes."
