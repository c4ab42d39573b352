"""Gradescope: results show a student no more than the feedback page, and the archive grades where it is unpacked."""

import argparse
import io
import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from graded_records import HOSTILE, SECRETS, TITLE, checked, full_of, not_graded, record, secretive
from hypothesis import given
from packaging.requirements import Requirement
from page_checks import ANYTHING, require_visible
from toy_course import cell_of, toy_notebook

from autograder.commands import export as command
from autograder.judge.executor import CellError, ExecutorError
from autograder.notebooks.course import CourseError
from autograder.reports import gradescope
from autograder.reports.gradescope import results_of
from autograder.reports.gradescope_zip import autograder_zip, requirements
from autograder.reports.marks import marks_of
from autograder.reports.outline import outline_of
from autograder.submission.record import Remark, RemarkKind, SolutionRecord

OUTLINE = outline_of("03_toy", toy_notebook())
VISIBILITY = {"visible", "hidden", "after_due_date", "after_published"}


def results(one, notes=()):
    content = results_of(marks_of(one, OUTLINE), list(notes))
    return json.loads(json.dumps(content))


def seen_by_students(content):
    shown = {key: value for key, value in content.items() if key != "tests"}
    return json.dumps([shown, [test for test in content["tests"] if test["visibility"] != "hidden"]])


def require_format(content):
    """What Gradescope's documentation says of results.json."""
    assert isinstance(content["score"], float | int)
    assert content["visibility"] in VISIBILITY
    assert content["stdout_visibility"] == "hidden"
    assert content["output_format"] == content["test_output_format"] == "text"
    assert not {"extra_data", "leaderboard", "execution_time"} & set(content)
    for test in content["tests"]:
        assert set(test) <= {"name", "number", "score", "max_score", "status", "output", "visibility"}
        assert test["visibility"] in VISIBILITY
        assert test.get("status") in (None, "passed", "failed")
        if test["visibility"] == "hidden":  # with points, it would hide the total from the student
            assert "score" not in test
            assert "max_score" not in test


# Results


def test_points_and_names_are_those_of_the_record():
    wrong = CellError("CheckFailed", "2x: wrong value\n  expected 4")
    content = results(record(tests=[checked("double_visible", error=wrong, output="✓ 1x: fine\n")]))
    require_format(content)
    assert content["score"] == 6
    assert [(t["number"], t["score"], t["max_score"], t["status"]) for t in content["tests"]] == [
        ("1.1", 0, 1, "failed"),
        ("1.2", 2, 2, "passed"),
        ("2.1", 2, 2, "passed"),
        ("2.2", 2, 2, "passed"),
    ]
    assert content["tests"][0]["name"] == "Exercise 1 · Title: check 1"
    assert content["tests"][0]["output"] == "✓ 1x: fine\n✗ 2x: wrong value\n  expected 4"
    assert content["tests"][1]["name"] == f"Exercise 1 · Title: hidden check: {TITLE}"
    assert sum(test["score"] for test in content["tests"]) == content["score"]


@pytest.mark.parametrize("earned", [0.0, 1.0, 2.0], ids=["failed", "partial", "passed"])
def test_of_a_hidden_test_students_see_title_points_and_hint_alone(earned):
    content = results(secretive(earned, hint="is a factor missing?"))
    require_format(content)
    shown = seen_by_students(content)
    assert TITLE in shown
    assert "is a factor missing?" in shown
    for secret in [*SECRETS.values(), "-7.5", "SECRET", "0.0123"]:
        assert secret not in shown


def test_remarks_notes_and_failures_are_for_the_instructor():
    one = not_graded(for_student="Your file is empty.")
    remarks = (Remark(RemarkKind.NOTE, "for the instructor alone", "Name it toy.ipynb."),)
    content = results(type(one)(**{**one.__dict__, "remarks": remarks}), ["graded without a sandbox"])
    require_format(content)
    assert content["output"] == "Your file is empty.\nName it toy.ipynb."
    (test,) = content["tests"]
    assert test["name"] == "For the instructor"
    assert test["output"] == f"graded without a sandbox\nfor the instructor alone\n{SECRETS['failure']}"
    assert "SECRET" not in seen_by_students(content)


def test_a_cell_that_stops_is_shown_with_its_error():
    cell = SolutionRecord(
        "double", "double", "1 / 0", error=CellError("ZeroDivisionError", "division by zero")
    )
    first = results(record(solutions=(cell,)))["tests"][0]
    assert (first["name"], first["status"]) == ("Exercise 1 · Title: your cell", "failed")
    assert first["output"] == "✗ ZeroDivisionError: division by zero"


@given(ANYTHING)
def test_any_text_makes_results_that_are_json_and_visible(text):
    for shown in (text, HOSTILE):
        content = results(full_of(shown), [shown])
        require_format(content)
        json.dumps(content, ensure_ascii=False).encode("utf-8")
        for test in content["tests"]:
            require_visible(test["name"] + test["output"])
        require_visible(content["output"])


def test_a_flood_is_cut():
    flood = CellError("ValueError", "x" * 10_000_000)
    content = results(record(tests=[checked("double_visible", error=flood, output="y" * 10_000_000)]))
    assert len(json.dumps(content)) < 50_000


# The sandbox


def test_without_a_sandbox_nothing_is_graded_unless_submissions_are_trusted(monkeypatch):
    def no_sandbox(jobs, *, trust_submissions=False):
        if not trust_submissions:
            raise ExecutorError("no sandbox here")
        return "trusting"

    monkeypatch.setattr(gradescope, "JudgePool", no_sandbox)
    with pytest.raises(ExecutorError, match="no sandbox here"):
        gradescope.open_judge(trust=False)
    judge, notes = gradescope.open_judge(trust=True)
    assert judge == "trusting"
    assert "could read the hidden tests and change its result (no sandbox here)" in notes[0]


@pytest.mark.parametrize("error", [ExecutorError("no sandbox"), CourseError("no source"), KeyError("bug")])
def test_whatever_goes_wrong_there_are_results_that_blame_nobody(tmp_path, monkeypatch, error):
    def fails(root):
        raise error

    monkeypatch.setattr(gradescope, "_graded", fails)
    monkeypatch.setenv(gradescope.ROOT, str(tmp_path))
    assert gradescope.main() == 1
    content = json.loads((tmp_path / "results" / "results.json").read_text(encoding="utf-8"))
    require_format(content)
    assert content["score"] == 0
    assert "You cannot fix this yourself" in content["output"]
    (test,) = content["tests"]
    assert str(error) in test["output"]
    assert str(error) not in seen_by_students(content)


# The archive


def test_the_archive_has_its_scripts_at_the_root_and_neither_answers_nor_caches(lecture):
    content = autograder_zip(lecture, trust_submissions=False)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        assert len(names) == len(set(names))
        for script in ("setup.sh", "run_autograder"):
            assert (archive.getinfo(script).external_attr >> 16) & stat.S_IXUSR
            text = archive.read(script)
            assert text.startswith(b"#!/usr/bin/env bash\n")
            assert b"\r" not in text
        assert archive.read("solutions/03_toy/toy.ipynb") == lecture.source.read_bytes()
        assert json.loads(archive.read("gradescope.json")) == {
            "lecture": "03_toy",
            "trust_submissions": False,
            "library_answers": "refuse",
        }
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert "autograder/reports/templates/feedback.html" in names
    assert not [name for name in names if "answers" in name.split("/") or "__pycache__" in name]
    assert {name.split("/")[0] for name in names if "/" in name} == {"autograder", "dgm_helpers", "solutions"}
    assert content == autograder_zip(lecture, trust_submissions=False)


def test_scripts_are_shell_that_parses(lecture, tmp_path):
    with zipfile.ZipFile(io.BytesIO(autograder_zip(lecture, trust_submissions=True))) as archive:
        for script in ("setup.sh", "run_autograder"):
            subprocess.run(["bash", "-n"], input=archive.read(script), check=True)


def test_requirements_are_what_grading_needs_as_it_is_installed():
    needed = {Requirement(text).name: Requirement(text) for text in requirements().splitlines()}
    assert {"torch", "nbgrader", "numpy"} <= set(needed)
    assert not {"pytest", "ruff"} & set(needed)
    for one in needed.values():
        assert str(one.specifier).startswith("==")
        assert "+" not in str(one.specifier)


def run_command(course, *arguments):
    parser = argparse.ArgumentParser()
    command.configure(parser)
    return command.run(parser.parse_args(arguments, argparse.Namespace(course=str(course.root))))


def test_the_command_writes_the_archive_and_says_what_to_mind(course, lecture, capsys):
    assert run_command(course, "3", "--format", "gradescope", "--trust-submissions") == 0
    path = course.root / "reports" / "gradescope_03_toy.zip"
    assert path.read_bytes() == autograder_zip(lecture, trust_submissions=True)
    out = capsys.readouterr().out
    assert str(path) in out
    assert "hidden tests" in out


def test_an_archive_is_of_one_lecture(course, lecture):
    other = course.root / "solutions" / "04_other" / "other.ipynb"
    other.parent.mkdir()
    shutil.copy(lecture.source, other)
    with pytest.raises(CourseError, match="grades one lecture: name exactly one"):
        run_command(course, "--format", "gradescope")
    assert not (course.root / "reports").exists()


def test_a_lecture_without_a_source_has_no_archive(lecture):
    lecture.source.unlink()
    with pytest.raises(CourseError, match="cannot be read"):
        autograder_zip(lecture, trust_submissions=False)


def unpacked(lecture, root: Path) -> Path:
    """Do what Gradescope does when it builds the image, but for setup.sh."""
    with zipfile.ZipFile(io.BytesIO(autograder_zip(lecture, trust_submissions=False))) as archive:
        archive.extractall(root / "source")
    for name in ("submission", "results"):
        (root / name).mkdir()
    script = root / "run_autograder"
    shutil.copy(root / "source" / "run_autograder", script)
    script.chmod(0o755)
    return script


def graded_there(script: Path) -> tuple[int, dict]:
    """Do what Gradescope does for a submission."""
    root, binaries = script.parent, Path(sys.executable).parent
    environment = {"PATH": f"{binaries}:{os.environ['PATH']}", "AUTOGRADER_ROOT": str(root)}
    environment["HOME"] = str(root)
    done = subprocess.run([script], cwd=root, env=environment, capture_output=True, text=True)
    content = json.loads((root / "results" / "results.json").read_text(encoding="utf-8"))
    require_format(content)
    assert not done.stdout
    return done.returncode, content


@pytest.mark.notebook
def test_the_archive_grades_a_submission_where_it_is_unpacked(lecture, tmp_path):
    script = unpacked(lecture, tmp_path / "autograder")
    notebook = toy_notebook()
    cell_of(notebook, "double").source = "def double(x):\n    print('called')\n    return x * x"
    cell_of(notebook, "mean").source = "def mean(values):\n    return sum(values) / len(values)"
    cell_of(notebook, "mean_hidden").source = "assert True"
    nbformat.write(notebook, script.parent / "submission" / "toy.ipynb")
    status, content = graded_there(script)
    assert status == 0
    assert content["score"] == 5  # 2² is 2·2: the visible test passes
    passed = {test["number"]: test["status"] for test in content["tests"] if "number" in test}
    assert passed == {"1.1": "passed", "1.2": "failed", "2.1": "passed", "2.2": "passed"}
    shown = seen_by_students(content)
    for hidden in ("-3.0", "-6.0", "actual", "9.0"):
        assert hidden not in shown
    assert "mean_hidden" in content["tests"][-1]["output"]  # that it was edited, for the instructor


@pytest.mark.notebook
def test_the_archive_tells_a_student_who_hands_in_nothing(lecture, tmp_path):
    status, content = graded_there(unpacked(lecture, tmp_path / "autograder"))
    assert status == 1
    assert content["score"] == 0
    assert "toy.ipynb" in content["output"]
