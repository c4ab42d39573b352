"""Files that are no notebooks, folders without one, links and pipes: a sentence for each reader."""

import os

import nbformat
import pytest
from handed_in import DOUBLE, MEAN, handed_in_notebook, reader, remark, taken
from toy_course import cell_of

from autograder.submission import files
from autograder.submission.record import RemarkKind
from autograder.submission.submission import MAX_TEXT


@pytest.fixture
def handed_in():
    return handed_in_notebook()


@pytest.fixture
def folder(course, lecture):
    """A student's empty folder for the toy lecture."""
    path = course.root / "submitted" / "ann" / lecture.folder
    path.mkdir(parents=True)
    return path


@pytest.fixture
def read(folder, lecture):
    return reader(folder, lecture)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "it is empty"),
        (" \n\0\0", "it is empty"),
        ('{"cells": [', "it ends too early"),
        ("import torch\n", "it is not JSON"),
        ("[]", "no nbformat entry"),
        ("null", "no nbformat entry"),
        ("1" * 5000, "it is not JSON"),
        ('{"nbformat": 5, "cells": []}', "its format must be 4, got 5"),
        ('{"nbformat": 2, "worksheets": []}', "its format must be 4, got 2"),
        ('{"nbformat": 4.0, "cells": []}', "its format must be 4, got 4.0"),
        ('{"nbformat": true, "cells": []}', "its format must be 4, got True"),
        ('{"nbformat": "4", "cells": []}', "its format must be 4, got a value that is not a number"),
        ('{"nbformat": 3, "worksheets": 7}', "converting it failed"),
        ('{"nbformat": 3, "worksheets": [' + "{}," * 50_000 + "{}]}", "its format must be 4, got 3"),
        ('{"nbformat": 4}', "no list of cells"),
        ('{"nbformat": 4, "cells": {}}', "no list of cells"),
        ("[" * 100_000, "its JSON is nested too deeply"),
        (
            '{"nbformat": 4, "cells": [' + "[]," * 1_000_000 + "[]]}",
            "it must have at most 1000000 lists and objects, got 1000003",
        ),
        ('{"nbformat": 4, "cells": [' + "1," * 5000 + "1]}", "it must have at most 5000 cells, got 5001"),
        ('{"a": 1,\n<<<<<<< HEAD\n>>>>>>> mine\n}', "merge conflict"),
        (b"PK\x03\x04 ...", "it is a zip archive"),
        ("<!DOCTYPE html>", "it is a web page"),
        ('{"é": 1}'.encode("latin-1"), "it is not encoded in UTF-8"),
        (b"\xff\xfe{\0}", "it is not encoded in UTF-8"),
    ],
)
def test_a_file_that_is_no_notebook_is_one_sentence_for_each_reader(read, content, said):
    submission = read(content)
    assert submission.failure.startswith("ann/03_toy/toy.ipynb is not a notebook: ")
    assert said in submission.failure and said in submission.failure_for_student
    assert "submitted" not in submission.failure_for_student
    assert "\n" not in submission.failure and len(submission.failure) < 250
    assert submission.solutions == {}


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"], ids=lambda name: name
)
def test_other_encodings_are_read_with_a_remark(read, handed_in, encoding):
    submission = read(nbformat.writes(handed_in).encode(encoding))
    assert submission.solutions["mean"] == MEAN
    assert "stored as UTF" in remark(submission, RemarkKind.NOTE).for_student


def test_a_notebook_of_format_3_is_converted_with_a_remark(read, handed_in):
    submission = read(nbformat.writes(nbformat.convert(handed_in, 3), version=3))
    assert submission.solutions == {"double": DOUBLE, "mean": MEAN}
    assert "format 3" in remark(submission, RemarkKind.NOTE).for_student


def test_a_file_above_the_limit_is_refused_unread(read, folder, monkeypatch):
    with (folder / "toy.ipynb").open("wb") as file:
        file.truncate(files.MAX_BYTES + 1)
    monkeypatch.setattr(files.json, "loads", None)
    submission = read()
    assert "too large: 20 MB, and the limit is 20 MB" in submission.failure
    assert "clear the outputs" in submission.failure_for_student


def test_megabytes_of_text_in_a_solution_cell_cost_that_cell(handed_in):
    cell_of(handed_in, "double").source = "#" * (MAX_TEXT + 1)
    submission = taken(handed_in)
    assert submission.solutions == {"mean": MEAN}
    assert "at most 200,000 characters, got 200,001" in remark(submission, RemarkKind.MISSING).for_student


def test_the_one_notebook_of_another_name_is_taken_with_a_remark(read, folder, handed_in):
    (folder / "toy (1).ipynb").write_text(nbformat.writes(handed_in))
    (folder / "._toy.ipynb").write_text("what macOS leaves in archives")
    (folder / ".ipynb_checkpoints").mkdir()
    submission = read()
    assert submission.solutions["double"] == DOUBLE
    assert "name it toy.ipynb" in remark(submission, RemarkKind.NOTE).for_student


def test_of_several_notebooks_of_other_names_none_is_guessed(read, folder):
    for name in ("a.ipynb", "b.ipynb"):
        (folder / name).write_text("{}")
    submission = read()
    assert "contains 2 notebooks, 'a.ipynb' and 'b.ipynb', but none is named toy.ipynb" in submission.failure
    assert submission.failure_for_student


def test_other_notebooks_beside_the_right_one_are_remarked_on(read, folder, handed_in):
    (folder / "copy.ipynb").write_text("{}")
    submission = read(nbformat.writes(handed_in))
    assert submission.solutions["double"] == DOUBLE
    assert "copy.ipynb" in remark(submission, RemarkKind.NOTE).message


def test_a_folder_without_a_notebook_is_a_sentence_that_says_what_it_holds(read, folder):
    (folder / "report.pdf").write_text("")
    assert "no notebook toy.ipynb: it contains 'report.pdf'" in read().failure
    (folder / "report.pdf").unlink()
    assert "it is empty" in read().failure
    folder.rmdir()
    submission = read()
    assert "nothing was handed in" in submission.failure
    assert submission.failure_for_student == "Nothing was handed in."


def _link(path, folder):
    target = folder.parent / "target.ipynb"
    target.write_text(nbformat.writes(handed_in_notebook()))
    path.symlink_to(target)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_link, "is a symbolic link"),
        (lambda path, _: path.symlink_to("/nowhere"), "is a symbolic link"),
        (lambda path, _: os.mkfifo(path), "is a device or a pipe"),
        (lambda path, _: path.symlink_to("/dev/zero"), "is a symbolic link"),
        (lambda path, _: path.mkdir(), "is a folder"),
    ],
    ids=["link", "dangling", "pipe", "device", "folder"],
)
def test_links_pipes_and_folders_are_refused_at_once(read, folder, make, said):
    make(folder / "toy.ipynb", folder)
    submission = read()
    assert said in submission.failure and not submission.solutions


@pytest.mark.parametrize("which", ["lecture", "student"])
def test_a_folder_that_is_a_link_is_not_followed(read, folder, handed_in, which):
    read(nbformat.writes(handed_in))
    link = folder if which == "lecture" else folder.parent
    elsewhere = link.rename(link.parent / "elsewhere")
    link.symlink_to(elsewhere)
    submission = read()
    assert "is a symbolic link, which is not followed" in submission.failure and not submission.solutions


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_a_sentence(read, folder):
    (folder / "toy.ipynb").touch(mode=0)
    assert "Permission denied" in read().failure
