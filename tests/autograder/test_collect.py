"""Collecting submissions: each student's notebook arrives, nothing else does, and nothing is lost."""

import argparse
import json
import os
import re
from pathlib import Path

import pytest
from downloads import book, gatherer, note, outcomes, texts, zipped
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import parse_utc
from toy_course import toy_notebook, write_source

from autograder.commands import collect as command
from autograder.intake import submitted
from autograder.intake.collect import collect
from autograder.notebooks.course import CourseError, Lecture


@pytest.fixture
def gather(course, lecture, tmp_path):
    return gatherer(course, lecture, tmp_path / "downloads")


@pytest.fixture
def there(course):
    """What is submitted now."""
    return lambda: texts(course.root / "submitted")


# Where the files come from.


@pytest.mark.parametrize("folder", [False, True], ids=["archive", "folder"])
@pytest.mark.parametrize(
    "names",
    [
        ["ann/toy.ipynb", "bob/toy.ipynb"],
        ["ann.ipynb", "bob.ipynb"],
        ["ann_toy.ipynb", "bob-toy.ipynb"],
        ["ann/03_toy/toy.ipynb", "bob/03_toy/toy.ipynb"],
        ["submitted/ann/03_toy/toy.ipynb", "submitted/bob/03_toy/toy.ipynb"],
        ["03_toy/ann/toy.ipynb", "03_toy/bob/toy.ipynb"],
        ["all/ann/toy.ipynb", "all/bob/toy.ipynb"],
        ["homework/ann/work/toy.ipynb", "homework/bob/toy.ipynb"],
        [
            "ann/toy.ipynb",
            "bob/Toy (1).ipynb",
            "__MACOSX/ann/._toy.ipynb",
            "bob/.ipynb_checkpoints/toy.ipynb",
        ],
        ["ann/toy.ipynb", "ann/data.csv", "bob/toy-1.ipynb", "bob/scratch.ipynb", "notes.txt"],
    ],
    ids=lambda names: names[0],
)
def test_a_folder_or_file_for_each_student_is_understood(gather, there, names, folder):
    collected = gather({name: book("x") for name in names}, folder=folder)
    assert outcomes(collected) == {"ann": "collected", "bob": "collected"}
    assert {name for name in there() if "timestamp" not in name} == {
        "ann/03_toy/toy.ipynb",
        "bob/03_toy/toy.ipynb",
    }


@pytest.mark.parametrize(
    "name",
    [
        "ann/toy.ipynb",
        "submitted/ann/03_toy/toy.ipynb",
        "03_toy/ann/toy.ipynb",
        "submissions/ann/work/toy.ipynb",
    ],
)
def test_a_class_of_one_is_understood(gather, name):
    assert outcomes(gather({name: book()})) == {"ann": "collected"}


def test_an_archive_for_each_student_is_read(gather, there):
    gather({"ann.zip": zipped({"toy.ipynb": book("a")}), "bob.zip": zipped({"x/toy.ipynb": book("b")})})
    assert there() == {"ann/03_toy/toy.ipynb": "a", "bob/03_toy/toy.ipynb": "b"}


def test_a_folder_of_archives_is_read(gather, there):
    gather(
        {"ann.zip": zipped({"toy.ipynb": book("a")}), "bob_toy.ZIP": zipped({"toy.ipynb": book("b")})},
        folder=True,
    )
    assert there() == {"ann/03_toy/toy.ipynb": "a", "bob/03_toy/toy.ipynb": "b"}


def test_canvas_downloads_are_understood_and_late_ones_said(gather, there):
    collected = gather(
        {
            "smithbob_12345_67890_toy.ipynb": (book("bob"), (2024, 1, 2, 3, 4, 6)),
            "o'neilann_LATE_12346_67891_my-notebook-1.ipynb": book("ann"),
            "leecy_777_67892_work.zip": zipped({"work/toy.ipynb": book("cy")}),
            "doedee_778_text.html": b"see mail",
        }
    )
    assert there() == {
        "leecy_777/03_toy/toy.ipynb": "cy",
        "o_neilann_12346/03_toy/toy.ipynb": "ann",
        "smithbob_12345/03_toy/toy.ipynb": "bob",
    }
    assert outcomes(collected)["doedee_778"] == "not collected"
    late = next(one for one in collected if one.student.startswith("o_neil"))
    assert late.notes == ("was named 'my-notebook-1.ipynb'", "late, according to Canvas")
    assert all(one.handed_in is None for one in collected)  # Canvas's archives do not tell it


@pytest.mark.parametrize(
    "name", ["anon_x7Gh2_{}_toy.ipynb", "anon_LATE_x7Gh2_{}_toy.ipynb", "anon_x7Gh2_LATE_{}_toy.ipynb"]
)
def test_anonymous_canvas_downloads_keep_the_students_apart(gather, there, name):
    gather({name.format(11): book("x"), name.replace("x7Gh2", "b2222").format(12): book("b")})
    assert there() == {"anon_b2222/03_toy/toy.ipynb": "b", "anon_x7Gh2/03_toy/toy.ipynb": "x"}


@pytest.mark.parametrize(
    "form",
    [
        "{}_assignsubmission_file_/toy.ipynb",
        "{}_assignsubmission_file_toy.ipynb",
        "{}_assignsubmission_file/toy.ipynb",
    ],
)
def test_moodle_downloads_are_understood(gather, there, form):
    files = {
        form.format("Ann Żółć_12"): (book("a"), (2024, 5, 1, 1, 2, 4)),
        form.format("Bob Lee_13"): book("b"),
    }
    collected = gather(files)
    found = there()
    assert found["Ann_Żółć/03_toy/toy.ipynb"] == "a" and found["Bob_Lee/03_toy/toy.ipynb"] == "b"
    assert outcomes(collected) == {"Ann_Żółć": "collected", "Bob_Lee": "collected"}


def test_moodle_students_of_the_same_name_are_told_apart_by_their_numbers(gather, there):
    form = "Bob Lee_{}_assignsubmission_file_/toy.ipynb"
    gather(
        {
            form.format(1): book("one"),
            form.format(2): book("two"),
            "Ann_3_assignsubmission_file_/toy.ipynb": book("a"),
        }
    )
    assert there() == {
        "Ann/03_toy/toy.ipynb": "a",
        "Bob_Lee_1/03_toy/toy.ipynb": "one",
        "Bob_Lee_2/03_toy/toy.ipynb": "two",
    }


def test_blind_moodle_participants_keep_their_numbers(gather, there):
    form = "Participant_{}_assignsubmission_file_/toy.ipynb"
    gather({form.format(1): book("one"), form.format(2): book("two")})
    assert sorted(there()) == ["Participant_1/03_toy/toy.ipynb", "Participant_2/03_toy/toy.ipynb"]


def test_a_students_file_names_cannot_make_it_anothers(gather, there):
    inner = zipped({"bob/toy.ipynb": book("forged"), "smithbob_1_2_toy.ipynb": book("forged")})
    collected = gather(
        {"ann.zip": inner, "bob.zip": zipped({"toy.ipynb": book("bob")}), "cy/toy.ipynb": book("cy")}
    )
    assert there()["bob/03_toy/toy.ipynb"] == "bob"
    assert outcomes(collected)["bob"] == "collected"
    moodle = "Ann_1_assignsubmission_file_Bob_2_assignsubmission_file_toy.ipynb"
    gather({moodle: book("forged"), "Cy_3_assignsubmission_file_toy.ipynb": book("cy")})
    gather(
        {"ann/toy.ipynb": book(), "cy/toy.ipynb": book(), "Bob_2_assignsubmission_file_/toy.ipynb": book()}
    )
    assert "Bob/03_toy/toy.ipynb" not in there() and "Ann/03_toy/toy.ipynb" in there()


def test_without_a_lecture_the_names_tell_it(course, gather, there):
    write_source(Lecture(course.root, "04_my_toy"), toy_notebook())
    gather({"ann/my_toy.ipynb": book("a"), "bob/my_toy-1.ipynb": book("b")}, lecture=None)
    assert sorted(there()) == ["ann/04_my_toy/my_toy.ipynb", "bob/04_my_toy/my_toy.ipynb"]
    with pytest.raises(CourseError, match="contains notebooks of 03_toy and 04_my_toy; name the lecture"):
        gather({"ann/my_toy.ipynb": book("a"), "bob/toy.ipynb": book("b")}, lecture=None)
    with pytest.raises(CourseError, match="contains no file named after a lecture; name the lecture"):
        gather({"ann/homework.ipynb": book("a")}, lecture=None)


def test_another_lectures_notebook_is_not_collected(course, gather, there):
    write_source(Lecture(course.root, "04_other"), toy_notebook())
    files = {
        "ann/other.ipynb": book("a"),
        "bob/04_other/other.ipynb": book("b"),
        "bob/03_toy/toy.ipynb": book("c"),
    }
    collected = gather(files)
    assert sorted(there()) == ["bob/03_toy/toy.ipynb"]
    assert outcomes(collected) == {"ann": "not collected", "bob": "collected"}
    assert "no notebook of this lecture, only 'other.ipynb'" in note(collected)


# Which one counts, and when it was handed in.


def test_of_several_canvas_uploads_the_last_counts(gather, there):
    form = "smithbob_12345_{}_toy{}.ipynb"
    collected = gather(
        {
            form.format(99, "-2"): (book("old"), (2025, 1, 1, 0, 0, 0)),
            form.format(100, ""): book("new"),
            form.format(98, "-1"): book("older"),
        }
    )
    assert there() == {"smithbob_12345/03_toy/toy.ipynb": "new"}
    assert "3 attempts; the newest counts: 'toy.ipynb'" in note(collected)


def test_of_several_attempts_the_newest_by_the_archives_clock_counts(gather, there):
    collected = gather(
        {
            "ann/toy.ipynb": (book("old"), (2024, 5, 1, 10, 0, 0)),
            "ann/toy (1).ipynb": (book("new"), (2024, 5, 2, 10, 0, 0)),
            "ann/scratch.ipynb": (book("scratch"), (2024, 5, 3, 10, 0, 0)),
        }
    )
    assert there()["ann/03_toy/toy.ipynb"] == "new" and "2 attempts" in note(collected)


def test_of_several_notebooks_of_other_names_none_is_guessed(gather, there):
    collected = gather({"ann/a.ipynb": book(), "ann/b.ipynb": book(), "bob/toy.ipynb": book("b")})
    assert "several notebooks, 'a.ipynb' and 'b.ipynb', but none is named toy.ipynb" in note(collected)
    assert outcomes(collected) == {"ann": "not collected", "bob": "collected"}


def test_the_time_of_handing_in_is_kept_for_nbgrader(course, gather, monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    getattr(__import__("time"), "tzset", lambda: None)()
    form = "{}_assignsubmission_file_/toy.ipynb"
    gather({form.format("Ann_1"): (book(), (2024, 7, 1, 12, 0, 0)), form.format("Bob_2"): book()})
    found = CourseDirectory(root=str(course.root)).get_existing_timestamp(
        str(course.root / "submitted/Ann/03_toy")
    )
    assert found == parse_utc("2024-07-01 10:00:00 UTC")


def test_a_students_archive_does_not_tell_when_it_was_handed_in(gather):
    early = zipped({"toy.ipynb": (book(), (2020, 1, 1, 0, 0, 0))})
    collected = gather(
        {"ann.zip": (early, (2024, 5, 2, 12, 0, 0)), "bob.zip": (early, (2024, 5, 3, 12, 0, 0))}
    )
    assert [one.handed_in.year for one in collected] == [2024, 2024]


def test_times_that_are_only_that_of_the_archive_are_not_kept(gather, there):
    collected = gather({"ann/toy.ipynb": book(), "bob/toy.ipynb": book()})
    assert not any("timestamp" in name for name in there()) and not any(one.handed_in for one in collected)


def test_a_time_that_is_none_is_left_out(gather, there):
    gather(
        {
            "ann/toy.ipynb": (book(), (2024, 2, 31, 30, 61, 62)),
            "bob/toy.ipynb": (book(), (1980, 1, 1, 0, 0, 0)),
        }
    )
    assert not any("timestamp" in name for name in there())


def test_nbgraders_own_time_is_taken_over_but_not_from_a_students_archive(gather, there):
    stamp = b"2024-01-02 03:04:05.6 UTC\n"
    inner = zipped({"03_toy/toy.ipynb": book(), "03_toy/timestamp.txt": stamp})
    files = {"ann/03_toy/toy.ipynb": book(), "ann/03_toy/timestamp.txt": stamp, "bob.zip": inner}
    gather({**files, "cy/03_toy/toy.ipynb": book(), "cy/03_toy/timestamp.txt": b"\xff never"})
    found = there()
    assert found["ann/03_toy/timestamp.txt"] == "2024-01-02 03:04:05 UTC"
    assert "bob/03_toy/timestamp.txt" not in found and "cy/03_toy/timestamp.txt" not in found


# What is there already.


def test_the_same_again_is_unchanged_and_another_one_is_not_overwritten(gather, there):
    gather({"ann/toy.ipynb": book("first")})
    assert outcomes(gather({"ann/toy.ipynb": book("first")})) == {"ann": "unchanged"}
    collected = gather({"ann/toy.ipynb": book("second"), "bob/toy.ipynb": book("b")})
    assert outcomes(collected) == {"ann": "not collected", "bob": "collected"}
    assert there()["ann/03_toy/toy.ipynb"] == "first" and "use --force to replace it" in note(collected)


def test_with_force_another_one_is_replaced(course, gather, there):
    gather({"ann/toy.ipynb": book("first")})
    (course.root / "submitted/ann/03_toy/old.txt").write_text("of the first")
    assert outcomes(gather({"ann/toy.ipynb": book("second")}, force=True)) == {"ann": "replaced"}
    assert there() | {"ann/03_toy/timestamp.txt": ""} == {
        "ann/03_toy/timestamp.txt": "",
        "ann/03_toy/toy.ipynb": "second",
    }


@pytest.mark.parametrize("failing", ["write_bytes", "replace"])
def test_a_student_is_collected_whole_or_not_at_all(course, gather, there, monkeypatch, failing):
    gather({"ann/toy.ipynb": book("first")})
    replace = os.replace

    def full(path, target=None):
        if failing == "write_bytes" or Path(path).name == "new":
            raise OSError(28, "No space left on device")
        replace(path, target)

    owner = Path if failing == "write_bytes" else submitted.os
    with monkeypatch.context() as patch:
        later = course.root / "downloads" / "later.zip"
        later.write_bytes(zipped({"ann/toy.ipynb": book("second")}))
        patch.setattr(owner, failing, full)
        collected = collect(course, later, course.lecture("03"), force=True)
    assert outcomes(collected) == {"ann": "not collected"} and "No space left" in note(collected)
    assert [text for name, text in there().items() if name.endswith("ipynb")] == ["first"]
    assert [path.name for path in (course.root / "submitted/ann").iterdir()] == ["03_toy"]


@pytest.mark.parametrize("which", ["submitted/ann", "submitted/ann/03_toy"])
def test_a_link_in_the_place_of_a_folder_is_not_followed(course, gather, tmp_path, which):
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "03_toy").mkdir(parents=True)
    link = course.root / which
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(elsewhere)
    collected = gather({"ann/toy.ipynb": book(), "bob/toy.ipynb": book()}, force=True)
    assert outcomes(collected) == {"ann": "not collected", "bob": "collected"}
    assert not list(elsewhere.rglob("*.ipynb")) and "symbolic link" in note(collected)


# The command.


def run(course, *arguments):
    parser = argparse.ArgumentParser()
    command.configure(parser)
    options = parser.parse_args([str(argument) for argument in arguments])
    options.course = course.root
    return command.run(options)


def test_the_command_prints_a_table_and_its_status_says_whether_all_was_collected(course, tmp_path, capsys):
    path = tmp_path / "all.zip"
    path.write_bytes(zipped({"ann/toy.ipynb": book("a"), "bob/toy.ipynb": book("b")}))
    assert run(course, path) == 0
    said = capsys.readouterr().out
    assert re.search(r"^ann +collected", said, re.MULTILINE) and said.endswith("2 collected\n")
    path.write_bytes(zipped({"ann/toy.ipynb": book("a"), "bob/toy.ipynb": book("new")}))
    assert run(course, path, "03", "--json") == 1
    rows = json.loads(capsys.readouterr().out)
    assert [(row["student"], row["outcome"]) for row in rows] == [
        ("ann", "unchanged"),
        ("bob", "not collected"),
    ]
