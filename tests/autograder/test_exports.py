"""Tables for other systems: read back as CSV they are what the system takes, and no cell is a formula."""

import argparse
import csv
import io
import re
from contextlib import suppress

import pytest
from graded_records import HOSTILE, checked, full_of, not_graded, record, write_journal
from hypothesis import given
from hypothesis import strategies as st
from page_checks import ANYTHING
from toy_course import toy_notebook

from autograder.commands import export as command
from autograder.judge.executor import CellError
from autograder.notebooks.course import CourseError
from autograder.reports.exports import Graded, canvas_csv, grades_csv, moodle_csv
from autograder.reports.marks import ByHand, marks_of
from autograder.reports.outline import outline_of
from autograder.reports.roster import read_roster

OUTLINE = outline_of("03_toy", toy_notebook())
WRONG = checked("double_hidden", error=CellError("CheckFailed", "no"))
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", "\r=1", " =1", "＝1+1", "=cmd|' /C calc'!A0"]
CANVAS_EXPORT = """\
\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,03_toy (4711),Final Score
    Points Possible,,,,,7,(read only)
"Lovelace, Ada",101,S1,ada,Section A,,90
"Hopper, Grace",102,S2,grace@uni.example,Section A,,80
"""
WORKSHEET = """\
Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,{modified},Feedback comments
Participant 11,Ada Lovelace,ada@uni.example,Submitted for grading,,7.00,Yes,-,
Participant 12,Grace Hopper,grace@uni.example,Submitted for grading,3.00,"7,00",Yes,"Monday, 3 March 2025, 9:00 AM",old
Participant 13,Emmy Noether,emmy@uni.example,No submission,,7.00,Yes,-,
""".format(modified="Last modified (grade)")


def graded(*records, by_hand=None, outline=OUTLINE):
    by_hand = by_hand or {}
    return [Graded(outline, [marks_of(one, outline, by_hand.get(one.student)) for one in records])]


def rows_of(text):
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True))


def dicts_of(text):
    header, *rows = rows_of(text)
    assert all(len(row) == len(header) for row in rows)
    return [dict(zip(header, row, strict=True)) for row in rows]


@pytest.fixture
def roster(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "roster.csv"
        path.write_text(text, encoding=encoding, newline="")
        return read_roster(path)

    return write


# The plain table


def test_points_have_four_decimals_at_most():
    (row,) = dicts_of(grades_csv(graded(record("ada", [checked("mean_hidden", earned=2 / 3)]))).text)
    assert (row["double"], row["mean"]) == ("3", "2.6667")
    (row,) = dicts_of(grades_csv(graded(record("ada", [checked("mean_hidden", earned=0.00126)]))).text)
    assert row["mean"] == "2.0013"


def test_the_plain_table_has_a_row_a_submission_and_a_column_an_exercise():
    by_hand = {"ada": ByHand(scores={"mean_hidden": 1.5}, late_penalty=0.5)}
    text = grades_csv(graded(record("ada", [WRONG]), not_graded("eve"), by_hand=by_hand)).text
    assert text.startswith("\ufeffstudent,lecture,")
    ada, eve = dicts_of(text)
    assert ada == {
        "student": "ada",
        "lecture": "03_toy",
        "double": "1",
        "mean": "3.5",
        "manual": "1.5",
        "late_penalty": "0.5",
        "total": "4",
        "points": "7",
        "status": "graded",
        "reason": "",
    }
    assert (eve["total"], eve["points"], eve["status"]) == ("0", "7", "could not be graded")
    assert eve["reason"].startswith("SECRET-FAILURE")


def test_lectures_with_different_exercises_share_a_table():
    other = outline_of("08_other", toy_notebook())
    other = type(other)("08_other", "Other", other.exercises[:1], other.cells[:2], other.prose)
    text = grades_csv([*graded(record("ada")), *graded(record("ada"), outline=other)]).text
    assert [(row["lecture"], row["double"], row["mean"]) for row in dicts_of(text)] == [
        ("03_toy", "3", "4"),
        ("08_other", "3", ""),
    ]


@given(ANYTHING)
def test_any_text_stays_in_its_own_cell_and_is_no_formula(text):
    for shown in (text, HOSTILE, *FORMULAS):
        for export in (grades_csv, canvas_csv, moodle_csv):
            content = export(graded(full_of(shown, student=shown), not_graded(shown + "x", shown))).text
            content.encode("utf-8")
            header, *rows = rows_of(content)
            assert len(rows) == (3 if export is canvas_csv else 2)
            for row in rows:
                assert len(row) == len(header)
                for cell in row:
                    number = re.fullmatch(r"-?\d+(\.\d+)?", cell)
                    assert number or len(cell) < 2 or cell[0] not in "=+-@＝＋－＠\t\r"
                    assert not any(ord(c) < 32 for c in cell)


def test_honest_names_with_quotes_commas_and_accents_come_back_as_they_were():
    names = ['Ada "Countess", Lovelace', "Zoë Ödegård", "李雷"]
    assert [row["student"] for row in dicts_of(grades_csv(graded(*map(record, names))).text)] == names


# Canvas


def require_canvas(text):
    """What Canvas's importer looks at before it takes a file: order of columns, and the row of possible points."""
    header, possible, *rows = rows_of(text)
    assert not text.startswith("\ufeff")
    assert header[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert "Points Possible" in possible[0]
    assert not any(possible[1:5])
    assert all(len(row) == len(header) for row in rows)
    return header[5:], possible[5:], rows


def test_without_a_roster_canvas_gets_the_folder_s_name_as_the_login():
    titles, possible, rows = require_canvas(canvas_csv(graded(record("ada", [WRONG]))).text)
    assert (titles, possible) == (["03_toy"], ["7"])
    assert rows == [["ada", "", "", "ada", "", "5"]]


def test_with_canvas_s_own_export_students_and_assignment_are_found(roster):
    export = canvas_csv(graded(record("ada"), record("grace", [WRONG])), roster(CANVAS_EXPORT))
    titles, possible, rows = require_canvas(export.text)
    assert (titles, possible, export.unknown) == (["03_toy (4711)"], ["7"], ())
    assert rows == [
        ["Lovelace, Ada", "101", "S1", "ada", "Section A", "7"],
        ["Hopper, Grace", "102", "S2", "grace@uni.example", "Section A", "5"],
    ]


def test_a_named_column_is_canvas_s_assignment(roster):
    titles, _, _ = require_canvas(canvas_csv(graded(record("ada")), None, "Lecture 3 (99)").text)
    assert titles == ["Lecture 3 (99)"]


def test_a_lecture_that_was_not_handed_in_is_left_blank():
    both = [*graded(record("ada"), record("grace")), *graded(record("ada"))]
    _, _, rows = require_canvas(canvas_csv(both).text)
    assert [row[5:] for row in rows] == [["7", "7"], ["7", ""]]


# Moodle


def test_without_a_roster_moodle_gets_user_name_grade_and_feedback():
    row = dicts_of(moodle_csv(graded(record("ada", [WRONG]), by_hand={"ada": ByHand(late_penalty=1)})).text)[
        0
    ]
    assert row == {
        "Username": "ada",
        "03_toy": "4",
        "Feedback: 03_toy": "Exercise 1: 1 of 3; Exercise 2: 4 of 4; late: -1",
    }


def test_moodle_s_feedback_has_nothing_of_a_submission_and_is_escaped():
    one = dicts_of(moodle_csv(graded(not_graded("eve", "Your file '<b>.ipynb' is empty."))).text)[0]
    assert one["Feedback: 03_toy"] == "Your file '&lt;b&gt;.ipynb' is empty."
    silent = dicts_of(moodle_csv(graded(not_graded("eve"), full_of(HOSTILE, "mallory"))).text)
    assert "SECRET" not in str(silent)
    assert "alert" not in str(silent)


def test_a_roster_gives_moodle_the_email_address(roster):
    known = roster("student,Email address\nada,ada@uni.example\n")
    assert dicts_of(moodle_csv(graded(record("ada")), known).text)[0]["Email address"] == "ada@uni.example"


def test_a_grading_worksheet_comes_back_filled_in_and_otherwise_as_it_was(roster):
    worksheet = roster(WORKSHEET)
    text = moodle_csv(graded(record("Ada Lovelace"), record("12", [WRONG])), worksheet).text
    before, after = dicts_of(WORKSHEET), dicts_of(text)
    assert list(after[0]) == list(before[0])
    changed = {"Grade", "Feedback comments"}
    for old, new in zip(before, after, strict=True):
        assert {k: v for k, v in old.items() if k not in changed} == {
            k: v for k, v in new.items() if k not in changed
        }
    assert [row["Grade"] for row in after] == ["7", "5", ""]
    assert after[1]["Feedback comments"].startswith("Exercise 1: 1 of 3")


def test_a_worksheet_that_counts_to_another_maximum_is_refused(roster):
    with pytest.raises(CourseError, match=r"maximum grade must be 7, the points of 03_toy, got 100\.00"):
        moodle_csv(graded(record("ada")), roster(WORKSHEET.replace("7.00", "100.00")))


def test_a_worksheet_holds_one_lecture(roster):
    with pytest.raises(CourseError, match="name exactly one lecture"):
        moodle_csv(graded(record("ada")) * 2, roster(WORKSHEET))


# The roster


@pytest.mark.parametrize(
    ("table", "folder"),
    [
        ("student,ID\nada,1\ngrace,2\n", "ada"),
        ("SIS Login ID,ID\nADA,1\ngrace,2\n", "ada"),
        ("Email address;ID\nada@uni.example;1\ngrace@uni.example;2\n", "ada"),
        ("Email address,ID\nada@uni.example,1\ngrace@uni.example,2\n", "ada@uni.example"),
        ("Identifier,ID\nParticipant 77,1\nParticipant 78,2\n", "77"),
        ('Student,ID\n"Lovelace, Ada",1\n"Hopper, Grace",2\n', "Ada_Lovelace"),
        ("Full name,ID\nAda Lovelace,1\nGrace Hopper,2\n", "ada lovelace"),
        ("Full name,ID\nAda O'Brien-Łoś,1\nGrace Hopper,2\n", "Ada_O_Brien-Łoś"),
        ('Student,ID\n"Lovelace, Ada",1\n"Lovelace, Ada",2\n', "lovelaceada_1"),
        ("Full name,Identifier,ID\nAda L,Participant 77,1\nAda L,Participant 78,2\n", "Ada_L_77"),
    ],
)
def test_a_person_is_found_by_what_systems_call_them(roster, table, folder):
    assert roster(table).find(folder)["ID"] == "1"


def test_the_column_student_alone_counts_where_there_is_one(roster):
    known = roster("student,SIS Login ID\na1,grace\nb2,ada\n")
    assert known.find("a1")["SIS Login ID"] == "grace"
    assert known.find("ada") is None


def test_nobody_and_several_and_one_twice_are_unknown(roster):
    known = roster("Username,Email address\nada,x@a.example\nx,ada@b.example\ngrace,g@c.example\n")
    assert known.find("nobody") is None
    assert known.find("ada") is None
    assert known.unknown(["grace", "g", "nobody"]) == ("grace", "g", "nobody")
    assert known.unknown(["grace"]) == ()


def test_rows_that_are_short_or_long_or_blank_do_no_harm(roster):
    known = roster("student,ID\nada\n\n,,\ngrace,2,3,4\n")
    assert len(known.rows) == 2
    assert known.find("ada") == {"student": "ada", "ID": ""}
    assert known.find("grace") == {"student": "grace", "ID": "2"}
    assert known.find("") is None


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "has no column that identifies students"),
        (b"name,points\nada,3\n", "has no column that identifies students"),
        (b"student\n\xff\xfe\n", "must be encoded in UTF-8"),
        (b'student\n"ada\n', "is not a CSV file"),
        (None, "cannot be read"),
    ],
)
def test_a_roster_that_cannot_be_used_is_a_sentence(tmp_path, content, sentence):
    path = tmp_path / "roster.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CourseError, match=sentence):
        read_roster(path)


# The command


def run(course, *arguments):
    parser = argparse.ArgumentParser()
    command.configure(parser)
    return command.run(parser.parse_args(arguments, argparse.Namespace(course=str(course.root))))


@pytest.mark.parametrize(
    ("name", "first"), [("csv", "student"), ("canvas", "Student"), ("moodle", "Username")]
)
def test_the_command_writes_the_table_that_is_asked_for(course, lecture, capsys, name, first):
    write_journal(lecture, record("ada"), not_graded("eve"))
    assert run(course, "--format", name) == 0
    path = course.root / "reports" / ("grades.csv" if name == "csv" else f"{name}.csv")
    assert rows_of(path.read_text(encoding="utf-8"))[0][0] == first
    out = capsys.readouterr().out
    assert f"wrote {path}: 2 of 03_toy" in out
    assert "1 could not be graded; missing points count as 0" in out


def test_rows_end_as_spreadsheets_expect(course, lecture, tmp_path):
    write_journal(lecture, record("ada"))
    out = tmp_path / "elsewhere" / "g.csv"
    run(course, "03", "--format", "csv", "--out", str(out))
    content = out.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\r\n") == content.count(b"\n") == 2


def test_students_whom_the_roster_does_not_have_are_named_and_left_out(course, lecture, tmp_path, capsys):
    write_journal(lecture, record("ada"), record("stranger"))
    path = tmp_path / "canvas.csv"
    path.write_text(CANVAS_EXPORT, encoding="utf-8")
    assert run(course, "--format", "canvas", "--roster", str(path)) == 1
    assert "left out: stranger does not match exactly one row of" in capsys.readouterr().out
    assert "stranger" not in (course.root / "reports" / "canvas.csv").read_text()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["99", "--format", "csv"], "the lecture must be one of 03_toy; got '99'"),
        (["03", "--format", "csv"], "03_toy has no grades yet: run"),
        (["--format", "canvas"], "no lecture has grades yet: run 'autograder grade' first"),
        (["--format", "csv", "--roster", "x.csv"], "--roster needs --format canvas or moodle, got csv"),
        (["--format", "moodle", "--column", "x"], "--column needs --format canvas, got moodle"),
        (
            ["--format", "csv", "--trust-submissions"],
            "--trust-submissions needs --format gradescope, got csv",
        ),
    ],
)
def test_wrong_input_is_a_sentence_and_writes_nothing(course, arguments, sentence):
    with pytest.raises(CourseError, match=sentence):
        run(course, *arguments)
    assert not (course.root / "reports").exists()


def test_a_roster_that_is_missing_leaves_what_was_there(course, lecture):
    write_journal(lecture, record("ada"))
    run(course, "--format", "canvas")
    path = course.root / "reports" / "canvas.csv"
    before = path.read_bytes()
    with pytest.raises(CourseError, match="cannot be read"):
        run(course, "--format", "canvas", "--roster", "missing.csv")
    assert path.read_bytes() == before


@given(st.text(max_size=200))
def test_no_table_of_any_text_makes_the_roster_fail_but_by_a_sentence(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("roster") / "r.csv"
    path.write_text("student,ID\n" + text, encoding="utf-8", errors="replace", newline="")
    with suppress(CourseError):
        assert read_roster(path).find("") is None
