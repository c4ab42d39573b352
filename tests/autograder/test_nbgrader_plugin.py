"""nbgrader's own autograde and its other commands, with this course's settings."""

import json
import os
import subprocess
import sys
from copy import deepcopy

import nbformat
import pytest
from graded_course import (
    FULL,
    ScriptedJudge,
    by_exercise,
    graded_course,
    hand_in,
    open_gradebook,
    points,
    released,
    table_rows,
)
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.utils import determine_grade
from toy_course import cell_of, toy_notebook, write_source
from traitlets.config import Config

from autograder.gradebook import nbgrader_plugin
from autograder.gradebook.conversions import NbgraderCourse
from autograder.gradebook.nbgrader_plugin import shared_executor
from autograder.notebooks.exercises import is_test

pytestmark = pytest.mark.notebook
TEXTS = {"double": "FULL", "mean": "wrong", "essay": "It is a sum.", "plot": "draw(1)"}
NO_POINTS = {"double": 0, "mean": 0, "essay": 0, "plot": 0, "task": 0}


class Watched(ScriptedJudge):
    """Notes which cells it was given."""

    def __init__(self):
        self.given = []

    def run(self, cells, limits, seed=None):
        """Note and judge."""
        self.given.append([(cell.id, cell.source, cell.kind, cell.points) for cell in cells])
        return super().run(cells, limits, seed)


@pytest.fixture
def judge(monkeypatch):
    judge = Watched()
    monkeypatch.setattr(nbgrader_plugin, "_shared", [judge])
    return judge


@pytest.fixture
def course(tmp_path):
    course = graded_course(tmp_path)
    NbgraderCourse(course.root).release(course.lecture("03"))
    return course


def autograde(course, student="*"):
    NbgraderCourse(course.root).autograde(course.lecture("03"), student)


def graded(course, student):
    return nbformat.read(course.root / f"autograded/{student}/03_toy/toy.ipynb", as_version=4)


# An edited notebook


def points_and_flags(notebook):
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader |= {"points": 400, "grade": False, "locked": False, "task": True}


def tags(notebook):
    for cell in notebook.cells:
        cell.metadata.tags = ["skip-execution", "raises-exception", "setup"]


def texts_of_tests(notebook):
    for cell in notebook.cells:
        if cell.id.endswith(("visible", "hidden")) or cell.id == "setup":
            cell.source = "10"


def order(notebook):
    notebook.cells = notebook.cells[::-1]


def removed(notebook):
    notebook.cells = [cell for cell in notebook.cells if cell.id in TEXTS]


def doubled(notebook):
    copies = deepcopy(notebook.cells)
    for number, cell in enumerate(copies):
        cell.id = f"copy-{number}"
        cell.source = "FULL"
    notebook.cells += copies


def new_cells(notebook):
    role = {"grade": True, "solution": False, "locked": True, "schema_version": 3, "points": 50}
    new = new_code_cell("50", metadata={"nbgrader": {**role, "grade_id": "mean_hidden_7"}})
    notebook.cells.insert(0, new)


def renamed(notebook):
    for cell in notebook.cells:
        if cell.id.endswith("hidden"):
            cell.metadata.nbgrader.grade_id += "_2"


def language(notebook):
    notebook.metadata = {
        "kernelspec": {"name": "bash", "display_name": "Bash", "language": "bash"},
        "language_info": {"name": "bash", "pygments_lexer": "no such lexer"},
        "autograder": {"failure": "", "remarks": [], "check_seed": 1},
        "celltoolbar": "x" * 1000,
    }


def outputs(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code":
            number = {"text/plain": "400"}
            cell.outputs = [nbformat.v4.new_output("execute_result", data=number)]


def other_schema(notebook):
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader |= {"schema_version": 99, "checksum": "0", "cell_type": "raw"}


def no_ids(notebook):
    notebook.nbformat_minor = 2
    for cell in notebook.cells:
        del cell["id"]


EDITS = [
    *(points_and_flags, tags, texts_of_tests, order, removed, doubled, new_cells, renamed),
    *(language, outputs, other_schema, no_ids),
]


def test_whatever_was_edited_the_same_is_run_and_the_same_is_filed(course, judge):
    lecture = course.lecture("03")
    hand_in(lecture, "honest", TEXTS)
    for edit in EDITS:
        path = hand_in(lecture, edit.__name__, TEXTS)
        notebook = nbformat.read(path, as_version=4)
        edit(notebook)
        path.write_text(json.dumps(notebook))
    autograde(course)
    assert len(judge.given) == 1 + len(EDITS)
    assert all(given == judge.given[0] for given in judge.given)
    assert ("mean", "wrong", "solution", 0.0) in judge.given[0]
    filed = {}
    for table, rows in table_rows(course).items():
        if table in ("Grade", "Comment"):
            for row in rows:
                filed.setdefault(row.pop("student"), []).append(tuple(row.items()))
    assert filed.keys() == {"honest", *(edit.__name__ for edit in EDITS)}
    assert all(rows == filed["honest"] for rows in filed.values())
    assert by_exercise(points(course, "honest"))["double"] == 3
    remarked = {edit.__name__ for edit in EDITS if graded(course, edit.__name__).metadata.autograder.remarks}
    assert {"points_and_flags", "texts_of_tests", "order", "removed", "new_cells", "renamed"} <= remarked
    assert not graded(course, "honest").metadata.autograder.remarks


def test_the_graded_notebook_is_the_source_whatever_was_handed_in(course, judge):
    path = hand_in(course.lecture("03"), "ada", FULL)
    notebook = nbformat.read(path, as_version=4)
    for edit in (points_and_flags, tags, language, order, outputs, new_cells):
        edit(notebook)
    path.write_text(json.dumps(notebook))
    autograde(course)
    mine, source = graded(course, "ada"), released(course.lecture("03"))
    assert [cell.id for cell in mine.cells] == [cell.id for cell in source.cells]
    assert mine.metadata.kernelspec == source.metadata.kernelspec
    assert [cell.metadata for cell in mine.cells] == [cell.metadata for cell in source.cells]


# A broken one


def test_broken_submissions_have_no_points_and_a_reason_and_the_others_are_graded(course, judge, tmp_path):
    lecture = course.lecture("03")
    files = {
        "empty": b"",
        "no_json": b"{",
        "binary": os.urandom(1000),
        "deep": b"[" * 200_000,
        "list": b"[]",
        "old": b'{"nbformat": 2, "cells": []}',
        "odd_cells": b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [1, null, {}]}',
        "other_lecture": nbformat.writes(new_notebook(cells=[new_code_cell("1")])).encode(),
    }
    for student, content in files.items():
        hand_in(lecture, student, {}).write_bytes(content)
    link = hand_in(lecture, "link", {})
    link.unlink()
    link.symlink_to(lecture.source)
    pipe = hand_in(lecture, "pipe", {})
    pipe.unlink()
    os.mkfifo(pipe)
    folder = hand_in(lecture, "folder", {})
    folder.unlink()
    folder.mkdir()
    hand_in(lecture, "a_good_one", FULL)
    hand_in(lecture, "zoe_good_too", FULL)
    autograde(course)
    for student in (*files, "link", "pipe", "folder"):
        assert set(points(course, student).values()) == {0}, student
        assert graded(course, student).metadata.autograder.failure, student
    for student in ("a_good_one", "zoe_good_too"):
        assert by_exercise(points(course, student)) == {**NO_POINTS, "double": 3, "mean": 4}


def test_until_the_judge_has_spoken_no_test_has_passed(course, judge, monkeypatch):
    hand_in(course.lecture("03"), "ada", FULL)
    monkeypatch.setattr(
        nbgrader_plugin.RunSubmission, "preprocess", lambda self, nb, resources: (nb, resources)
    )
    autograde(course)
    tests = [cell for cell in graded(course, "ada").cells if is_test(cell)]
    assert len(tests) == 4
    assert {determine_grade(cell)[0] for cell in tests} == {0}


# The gradebook


def test_a_source_that_changed_since_its_release_is_entered_before_grading(course, judge):
    lecture = course.lecture("03")
    notebook = nbformat.read(lecture.source, as_version=4)
    cell_of(notebook, "mean_hidden").metadata.nbgrader.points = 6
    write_source(lecture, notebook)
    hand_in(lecture, "ada", FULL)
    autograde(course)
    assert points(course, "ada")["mean_hidden"] == 6
    with open_gradebook(course) as gradebook:
        assert gradebook.find_assignment("03_toy").max_score == 20


def test_what_is_set_on_the_command_line_counts_more_than_the_file(course, tmp_path):
    settings = Config()
    settings.CourseDirectory.db_url = f"sqlite:///{tmp_path}/other.db"
    nbgrader = NbgraderCourse(course.root, settings)
    assert nbgrader.directory().db_url == settings.CourseDirectory.db_url
    assert nbgrader.config().CourseDirectory.source_directory == "solutions"


def test_conversions_leave_the_environment_as_it_was(course, judge):
    before = dict(os.environ)
    hand_in(course.lecture("03"), "ada", FULL)
    autograde(course)
    assert dict(os.environ) == before


# The whole, as nbgrader's users have it


def test_one_executor_serves_a_whole_process(monkeypatch, executor):
    monkeypatch.setattr(nbgrader_plugin, "_shared", [])
    monkeypatch.setattr(nbgrader_plugin, "JudgePool", lambda *args, **options: executor)
    monkeypatch.setattr(nbgrader_plugin.atexit, "register", lambda close: None)
    one = shared_executor(trust_submissions=False)
    assert shared_executor(trust_submissions=False) is one


def test_nbgraders_commands_release_grade_give_feedback_and_export(tmp_path):
    course = graded_course(tmp_path)
    lecture = course.lecture("03")
    answers = {cell.id: cell.source for cell in toy_notebook().cells if cell.id in ("double", "mean")}
    hand_in(lecture, "ada", answers)
    hand_in(lecture, "bob", {"mean": answers["mean"], "double": "def double(x):\n    return x"})
    hand_in(lecture, "cyd", {}).write_text("{")

    def nbgrader(*arguments):
        command = [sys.executable, "-m", "nbgrader", *arguments]
        done = subprocess.run(command, cwd=course.root, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    nbgrader("generate_assignment", "03_toy")
    nbgrader("autograde", "03_toy")
    nbgrader("generate_feedback", "03_toy")
    nbgrader("export", "--to", "grades.csv")
    assert by_exercise(points(course, "ada")) == {**NO_POINTS, "double": 3, "mean": 4}
    assert by_exercise(points(course, "bob")) == {**NO_POINTS, "mean": 4}
    assert by_exercise(points(course, "cyd")) == NO_POINTS
    assert {path.parts[-3] for path in course.root.glob("feedback/*/03_toy/toy.html")} == {
        "ada",
        "bob",
        "cyd",
    }
    rows = [line.split(",") for line in (course.root / "grades.csv").read_text().splitlines()]
    scores = {row[rows[0].index("student_id")]: row[rows[0].index("score")] for row in rows[1:]}
    assert scores == {"ada": "7.0", "bob": "4.0", "cyd": "0.0"}
