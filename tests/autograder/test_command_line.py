"""The command: its statuses, its sentences, and no traceback."""

import subprocess
import sys

import pytest

from autograder.cli import main


def run(course, *arguments):
    return main(["--course", str(course.root), *arguments])


@pytest.mark.parametrize("command", ["release", "validate", "grade-demo"])
def test_an_unknown_lecture_is_one_sentence_and_status_2(course, capsys, command):
    assert run(course, command, "elbow") == 2
    said = capsys.readouterr().err
    assert said == "autograder: the lecture must be one of 03_toy; got 'elbow'\n"


@pytest.mark.parametrize("command", ["release", "validate", "grade-demo"])
def test_a_source_that_is_no_notebook_is_one_sentence_and_status_2(course, lecture, capsys, command):
    lecture.source.write_text('{"cells": [')
    assert run(course, command, "03") == 2
    said = capsys.readouterr().err
    assert said.startswith(f"autograder: {lecture.source} is not a notebook: it is not JSON")
    assert said.count("\n") == 1


@pytest.mark.parametrize("command", ["release", "validate", "grade-demo"])
def test_a_missing_notebook_is_one_sentence_and_status_2(course, lecture, capsys, command):
    lecture.source.unlink()
    assert run(course, command, "03") == 2
    assert capsys.readouterr().err == f"autograder: the notebook {lecture.source} does not exist\n"


@pytest.mark.notebook
def test_release_writes_and_validate_passes_or_fails(course, lecture, capsys):
    assert run(course, "release") == 0
    assert lecture.student_version.is_file()
    assert run(course, "validate", "toy", "--no-answers") == 0
    assert "✓ no problems" in capsys.readouterr().out
    lecture.source.write_text(lecture.source.read_text().replace("2 * x", "3 * x"))
    assert run(course, "validate", "toy", "--no-answers") == 1
    assert "✗ the source earns 0 of 1 points" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["release", "validate", "grade-demo"])
def test_each_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: autograder {command}")


def test_the_module_is_the_command_and_lists_what_there_is():
    command = [sys.executable, "-m", "autograder", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert all(name in done.stdout for name in ("release", "validate", "grade-demo"))
