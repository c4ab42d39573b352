"""What is filed of a record: the notebook in autograded/ and the rows of the gradebook."""

import json
import os
import sqlite3
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta

import nbformat
import pytest
from conftest import cell_of, write_source
from graded_course import (
    FULL,
    ScriptedJudge,
    by_exercise,
    each_database,  # noqa: F401 (a fixture)
    graded_course,
    hand_in,
    judged,
    manual_notebook,
    open_gradebook,
    points,
    server_for_all,  # noqa: F401 (a fixture)
    set_grade,
    table_rows,
)
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader.preprocessors import SaveCells
from nbgrader.utils import determine_grade, is_solution
from sqlalchemy import event

from autograder import nbgrader_plugin
from autograder.conversions import NbgraderCourse
from autograder.course import CourseError, read_notebook
from autograder.executor import CellError
from autograder.exercises import grade_id, is_test
from autograder.record import Record, SolutionRecord, TestRecord
from autograder.runs.filing import Filing
from autograder.runs.judged import judged_notebook

pytestmark = pytest.mark.notebook
LATE = "c.LateSubmissionPlugin.penalty_method = 'zero'"
DUE = datetime(2030, 1, 1)


@pytest.fixture
def course(tmp_path, database):
    """The course with manual cells, on each kind of database in turn."""
    return graded_course(tmp_path, database, LATE)


@pytest.fixture
def lecture(course):
    return course.lecture("03")


@pytest.fixture
def local(tmp_path):
    """The same, on SQLite alone: for what has nothing to do with the database."""
    return graded_course(tmp_path)


def file(course, *records):
    """File records in one go and return the filing."""
    with Filing(course, course.lecture("03")) as filing:
        for record in records:
            filing.file(record)
    return filing


def graded(lecture, student):
    path = lecture.course / "autograded" / student / lecture.folder / lecture.source.name
    return nbformat.read(path, as_version=4)


def set_due_date(course, date):
    with open_gradebook(course) as gradebook:
        gradebook.update_or_create_assignment("03_toy", duedate=date)


# The notebook


@st.composite
def outcomes(draw):
    """A test's points, earned points and error as the judge may give them."""
    most = draw(st.sampled_from([0.5, 1.0, 2.0, 3.0]))
    error = draw(st.none() | st.builds(CellError, st.text(max_size=9), st.text(max_size=9)))
    earned = 0.0 if error else draw(st.sampled_from([most]) | st.floats(0, most))
    return most, earned, error


@given(result=outcomes(), output=st.text(max_size=20), name=st.sampled_from(["mean_visible", "mean_hidden"]))
def test_nbgraders_rule_gives_each_test_the_points_of_the_record(result, output, name):
    most, earned, error = result
    source = manual_notebook()
    cell_of(source, name).metadata.nbgrader.points = most
    test = TestRecord(name, "mean", "hidden" in name, "", "", most, earned, output, error)
    notebook = judged_notebook(source, Record("ada", "03_toy", tests=(test,)))
    assert determine_grade(cell_of(notebook, name)) == (earned, most)
    assert determine_grade(cell_of(notebook, "double_visible"))[0] == 0  # nothing is known of it
    json.dumps(notebook, ensure_ascii=False).encode()


def test_what_a_submission_prints_and_shows_is_filed_as_text(local):
    lecture = local.lecture("03")
    hand_in(lecture, "ada", {"double": "FULL NOISE", "mean": "FULL"})
    file(local, judged(lecture, "ada"))
    cell = cell_of(graded(lecture, "ada"), "double")
    assert cell.source == "FULL NOISE"
    assert [(out.output_type, out.name, out.text) for out in cell.outputs] == [
        ("stream", "stdout", "warned in double\n"),
        ("stream", "stdout", "bold\n"),
    ]
    assert by_exercise(points(local, "ada"))["double"] == 3


def test_a_cell_that_was_deleted_or_emptied_counts_as_not_answered(local):
    lecture = local.lecture("03")
    path = hand_in(lecture, "ada", {"essay": "\n ", "mean": "FULL"})
    handed = nbformat.read(path, as_version=4)
    handed.cells = [cell for cell in handed.cells if cell.id not in ("double", "plot")]
    path.write_text(json.dumps(handed))
    file(local, judged(lecture, "ada"))
    with open_gradebook(local) as gradebook:
        book = gradebook.find_submission_notebook("toy", "03_toy", "ada")
        said = {comment.name: comment.comment for comment in book.comments if comment.comment}
        assert said == dict.fromkeys(["double", "essay", "plot"], "No response.")
        waiting = {grade.name for grade in book.grades if grade.needs_manual_grade}
        assert waiting == {"task"}
    assert cell_of(graded(lecture, "ada"), "plot").source.strip().endswith("raise NotImplementedError")


def test_an_image_is_kept_only_if_it_is_one(notebook):
    def outputs_of(text):
        shown = {"output_type": "display_data", "data": {"image/png": text}}
        record = Record("ada", "03_toy", solutions=(SolutionRecord("mean", "mean", "x", (shown,)),))
        return cell_of(judged_notebook(notebook, record), "mean").outputs

    png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVQIHWNgAAAAAgABz8g15QAAAABJRU5ErkJggg=="
    assert outputs_of(png)[0].data == {"image/png": png}
    for other in ('"><script>x</script>', "PHNjcmlwdD4=", "", None, ["a"]):
        assert outputs_of(other) == []


def test_half_a_surrogate_pair_in_a_submission_is_no_obstacle(local):
    lecture = local.lecture("03")
    hand_in(lecture, "ada", FULL)
    record = judged(lecture, "ada")
    text = "x = '\ud800'"
    odd = replace(
        record, solutions=(SolutionRecord("mean", "mean", text, error=CellError(text, text, (text,))),)
    )
    file(local, odd)
    assert cell_of(graded(lecture, "ada"), "mean").source == "x = '?'"


def test_the_notebook_is_the_source_but_for_the_solutions_and_has_no_solution_of_ours(local):
    lecture = local.lecture("03")
    hand_in(lecture, "ada", {"double": "FULL"})
    path = lecture.course / "submitted/ada/03_toy/toy.ipynb"
    handed = read_notebook(path)
    cell_of(handed, "title").source = "# Other title"
    cell_of(handed, "double_visible").source = "pass"
    cell_of(handed, "double_visible").metadata.nbgrader.points = 100
    handed.cells = handed.cells[::-1]
    path.write_text(json.dumps(handed))
    file(local, judged(lecture, "ada"))
    notebook, source = graded(lecture, "ada"), read_notebook(lecture.source)
    assert [cell.id for cell in notebook.cells] == [cell.id for cell in source.cells]
    for mine, theirs in zip(notebook.cells, source.cells, strict=True):
        if not is_solution(mine):
            assert mine.source == theirs.source
    assert cell_of(notebook, "mean").source.endswith("raise NotImplementedError")
    assert "math.fsum" not in json.dumps(notebook)
    assert notebook.metadata.autograder.remarks


def with_task_answer(path, *cells):
    """Add cells below the task of a notebook that was handed in."""
    notebook = nbformat.read(path, as_version=4)
    place = notebook.cells.index(cell_of(notebook, "task")) + 1
    notebook.cells[place:place] = cells
    nbformat.write(notebook, path)


def test_what_was_added_below_a_task_is_there_to_be_read_and_only_that(local):
    lecture = local.lecture("03")
    notebook = manual_notebook()
    notebook.cells.append(new_markdown_cell("## The next part", id="next"))
    write_source(lecture, notebook)
    path = hand_in(lecture, "ada", FULL)
    answer = [new_code_cell("data = 1", outputs=[new_output("stream", text="claimed")])]
    answer += [new_markdown_cell("I measured it.", metadata={"tags": ["setup"]}), new_markdown_cell("  ")]
    with_task_answer(path, *answer)
    handed = nbformat.read(path, as_version=4)
    handed.cells += [
        new_code_cell("not an answer"),
        deepcopy(cell_of(handed, "task")),
        new_code_cell("nor this"),
    ]
    path.write_text(json.dumps(handed))
    file(local, judged(lecture, "ada"))
    cells = graded(lecture, "ada").cells
    assert [cell.id for cell in cells[-4:]] == ["task", "answer-1", "answer-2", "next"]
    assert [cell.source for cell in cells[-3:-1]] == ["data = 1", "I measured it."]
    assert [cell.metadata for cell in cells[-3:-1]] == [{}, {}]
    assert cells[-3].outputs == []


# The gradebook


def the_class(lecture):
    """Hand in for a class; return its students."""
    blank, essay = {"mean": "  \n"}, {"essay": "It is a sum.", "plot": "draw(1)"}
    hand_in(lecture, "ada", FULL | essay, "2029-12-31 12:00:00")
    hand_in(lecture, "bob", {"double": "HALF NOISE", "mean": "FULL"}, "2030-01-02 12:00:00 UTC")
    hand_in(lecture, "cyd", blank, "2029-12-31 12:00:00 UTC")
    with_task_answer(
        hand_in(lecture, "dan", essay), new_code_cell("data = 1"), new_markdown_cell("So it is.")
    )
    return ["ada", "bob", "cyd", "dan"]


def test_every_table_of_the_gradebook_is_as_nbgrader_itself_files_it(course, tmp_path_factory, monkeypatch):
    monkeypatch.setattr(nbgrader_plugin, "_shared", [ScriptedJudge()])
    other = graded_course(tmp_path_factory.mktemp("other"), settings=LATE)
    NbgraderCourse(other.root).release(other.lecture("03"))
    students = the_class(course.lecture("03"))
    the_class(other.lecture("03"))
    for _ in range(2):  # the second time with what persons have done in between
        file(course, *(judged(course.lecture("03"), student) for student in students))
        NbgraderCourse(other.root).autograde(other.lecture("03"), "*")
        assert table_rows(course) == table_rows(other)
        for student in students:
            mine, theirs = (graded(each.lecture("03"), student) for each in (course, other))
            assert mine.cells == theirs.cells
            assert mine.metadata.autograder.remarks == theirs.metadata.autograder.remarks
        for each in (course, other):
            set_due_date(each, DUE)
            set_grade(each, "bob", "mean_hidden", manual_score=0.5, extra_credit=1.0)
            set_grade(each, "ada", "essay", manual_score=2.5, needs_manual_grade=False)
            set_grade(each, "dan", "task", manual_score=3.0, needs_manual_grade=False)
            hand_in(each.lecture("03"), "cyd", FULL)
    late = dict(row[0][::2] for row in table_rows(course)["notebooks"])
    assert late == {"ada": None, "bob": 5.0, "cyd": None, "dan": None}  # bob: 0.5 + 1 + 2 + 0.5 + 1


def test_a_second_grading_keeps_what_a_person_gave_and_asks_for_another_look(course, lecture):
    hand_in(lecture, "ada", {**FULL, "essay": "It is a sum."})
    file(course, judged(lecture, "ada"))
    assert points(course, "ada")["essay"] == 0
    set_grade(course, "ada", "essay", manual_score=2.5, needs_manual_grade=False)
    set_grade(course, "ada", "double_hidden", manual_score=1.0, needs_manual_grade=False)
    hand_in(lecture, "ada", {"essay": "Better."})
    file(course, judged(lecture, "ada"))
    assert points(course, "ada") == {
        **{"double_visible": 0, "double_hidden": 1, "mean_visible": 0, "mean_hidden": 0},
        **{"essay": 2.5, "plot": 0, "task": 0},
    }
    with open_gradebook(course) as gradebook:
        grade = gradebook.find_grade("double_hidden", "toy", "03_toy", "ada")
        assert grade.auto_score == 0 and grade.needs_manual_grade


def test_being_late_costs_what_the_courses_plugin_says_and_an_extension_mends_it(course, lecture):
    hand_in(lecture, "ada", FULL, "2030-01-03 00:00:00")
    record = judged(lecture, "ada")
    file(course, record)
    set_due_date(course, DUE)
    with Filing(course, lecture) as filing:
        assert not filing.is_filed(record)  # what the due date costs has to be found out
        filing.file(record)
    with open_gradebook(course) as gradebook:
        assert gradebook.find_submission("03_toy", "ada").late_submission_penalty == 7
        gradebook.grant_extension("03_toy", "ada", days=3)
    with Filing(course, lecture) as filing:
        assert not filing.is_filed(record)
        filing.file(record)
    with Filing(course, lecture) as filing:
        assert filing.is_filed(record)
    with open_gradebook(course) as gradebook:
        submission = gradebook.find_submission("03_toy", "ada")
        assert (submission.late_submission_penalty, submission.extension) == (0, timedelta(days=3))


def test_what_could_not_be_graded_has_no_points_and_says_why(course, lecture):
    folder = lecture.course / "submitted/ada/03_toy"
    folder.mkdir(parents=True)
    (folder / "toy.ipynb").write_text("{")
    file(course, judged(lecture, "ada"))
    assert set(points(course, "ada").values()) == {0}
    for cell in filter(is_test, graded(lecture, "ada").cells):
        assert "is not a notebook" in cell.outputs[0].evalue
    hand_in(lecture, "ada", FULL)
    file(course, judged(lecture, "ada"))
    assert by_exercise(points(course, "ada")) == {"double": 3, "mean": 4, "essay": 0, "plot": 0, "task": 0}


def test_a_submission_takes_a_dozen_statements_and_one_commit_however_many_cells_it_has(course, lecture):
    hand_in(lecture, "ada", FULL)
    hand_in(lecture, "bob", FULL)
    with Filing(course, lecture) as filing:
        filing.file(judged(lecture, "bob"))
        done = []
        engine = filing.grades.gradebook.engine
        event.listen(engine, "before_cursor_execute", lambda *arguments: done.append("statement"))
        event.listen(engine, "commit", lambda *arguments: done.append("commit"))
        for student in ("ada", "bob"):
            done.clear()
            filing.file(judged(lecture, student))
            assert done.count("statement") <= 12
            assert done.count("commit") == 1


def test_two_lectures_are_filed_side_by_side(course, lecture):
    second = replace(lecture, folder="04_toy")
    write_source(second, manual_notebook())
    for each in (lecture, second):
        hand_in(each, "ada", FULL)
        with Filing(course, each) as filing:
            filing.file(judged(each, "ada"))
            filing.file(judged(each, "ada"))
    assert points(course, "ada", "03_toy") == points(course, "ada", "04_toy")


# What is filed already


def test_only_what_is_as_it_was_filed_counts_as_filed(course, lecture):
    hand_in(lecture, "ada", FULL, "2029-12-31 12:00:00")
    record = judged(lecture, "ada")
    with Filing(course, lecture) as filing:
        assert not filing.is_filed(record)
        path = filing.file(record)

    def is_filed(record=record):
        with Filing(course, lecture) as filing:
            return filing.is_filed(record)

    assert is_filed()
    assert not is_filed(replace(record, key="of another text"))
    assert not is_filed(replace(record, seed=2))
    assert not is_filed(replace(record, student="bob"))
    stamp = lecture.course / "submitted/ada/03_toy/timestamp.txt"
    stamp.write_text("2029-12-31 13:00:00")
    assert not is_filed()
    stamp.write_text("2029-12-31 12:00:00")
    for damage in (b"{", b"[]", b'{"metadata": {"autograder": 3}}', b"\xff", b"[" * 100_000):
        whole = path.read_bytes()
        path.chmod(0o644)
        path.write_bytes(damage)
        assert not is_filed()
        path.write_bytes(whole)
    assert is_filed()
    with open_gradebook(course) as gradebook:
        gradebook.remove_submission("03_toy", "ada")
    assert not is_filed()


def test_the_time_of_handing_in_goes_along_and_an_old_one_goes_away(local):
    lecture = local.lecture("03")
    path = hand_in(lecture, "ada", FULL, "2029-12-31 12:00:00")
    file(local, judged(lecture, "ada"))
    copy = lecture.course / "autograded/ada/03_toy/timestamp.txt"
    assert copy.read_text() == "2029-12-31 12:00:00"
    (path.parent / "timestamp.txt").unlink()
    file(local, judged(lecture, "ada"))
    assert not copy.exists()


def test_a_timestamp_that_is_no_date_or_a_link_is_not_obeyed(local):
    lecture = local.lecture("03")
    hand_in(lecture, "ada", FULL, "yesterday <b>")
    path = hand_in(lecture, "bob", FULL)
    (lecture.course / "secret").write_text("2020-01-01 00:00:00")
    os.symlink(lecture.course / "secret", path.parent / "timestamp.txt")
    filing = file(local, judged(lecture, "ada"), judged(lecture, "bob"))
    assert len(filing.notes) == 1
    assert "ada: timestamp.txt holds no date ('yesterday <b>')" in filing.notes[0]
    assert not (lecture.course / "autograded/bob/03_toy/timestamp.txt").exists()
    with open_gradebook(local) as gradebook:
        assert gradebook.find_submission("03_toy", "bob").timestamp is None


# When the source changes


def test_new_points_for_a_cell_are_entered_though_submissions_were_graded(course, lecture):
    hand_in(lecture, "ada", FULL)
    file(course, judged(lecture, "ada"))
    notebook = manual_notebook()
    cell_of(notebook, "mean_hidden").metadata.nbgrader.points = 5
    cell_of(notebook, "mean_hidden").source += "\n# clearer"
    write_source(lecture, notebook)
    file(course, judged(lecture, "ada"))
    assert points(course, "ada")["mean_hidden"] == 5
    with open_gradebook(course) as gradebook:
        assert gradebook.find_assignment("03_toy").max_score == 19


def test_a_source_that_is_as_it_was_is_not_entered_again(local, monkeypatch):
    entered = []
    save = SaveCells.preprocess
    monkeypatch.setattr(SaveCells, "preprocess", lambda *arguments: entered.append(1) or save(*arguments))
    file(local)
    file(local)
    assert len(entered) == 1
    notebook = manual_notebook()
    cell_of(notebook, "mean_hidden").metadata.nbgrader.points = 5
    write_source(local.lecture("03"), notebook)
    file(local)
    assert len(entered) == 2


def test_cells_that_come_or_go_after_grading_are_refused_and_named(course, lecture):
    hand_in(lecture, "ada", FULL)
    file(course, judged(lecture, "ada"))
    before = table_rows(course)
    notebook = manual_notebook()
    cell_of(notebook, "mean_hidden").metadata.nbgrader.grade_id = "mean_hidden_2"
    write_source(lecture, notebook)
    with pytest.raises(
        CourseError, match=r"\(mean_hidden, mean_hidden_2\).*assignment remove 03_toy --force"
    ):
        file(course, judged(lecture, "ada"))
    assert table_rows(course) == before


def test_cells_may_come_and_go_before_grading(course, lecture):
    file(course)
    notebook = manual_notebook()
    notebook.cells = [cell for cell in notebook.cells if grade_id(cell) != "mean_hidden"]
    write_source(lecture, notebook)
    file(course)
    with open_gradebook(course) as gradebook:
        assert gradebook.find_assignment("03_toy").max_score == 14


# What goes wrong


def test_a_gradebook_in_use_by_another_program_is_one_sentence_and_nothing_is_filed(local):
    lecture = local.lecture("03")
    hand_in(lecture, "ada", FULL)
    record = judged(lecture, "ada")
    with Filing(local, lecture) as filing:
        other = sqlite3.connect(lecture.course / "gradebook.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        filing.grades.database.connection().exec_driver_sql("PRAGMA busy_timeout = 10")
        with pytest.raises(
            CourseError, match=r"gradebook.db is locked: another program is writing to it"
        ) as caught:
            filing.file(record)
        assert "\n" not in str(caught.value)
        assert not (lecture.course / "autograded/ada/03_toy/toy.ipynb").exists()
        other.execute("ROLLBACK")
        filing.file(record)
    assert by_exercise(points(local, "ada"))["double"] == 3


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("sqlite:////nowhere/at/all.db", "cannot be used: unable to open database file"),
        ("nonsense", "db_url is no address of a database: nonsense"),
        ("postgresql+pg8000://ada:password@host/grades", "ada:…@host/grades needs the Python package pg8000"),
        ("postgresql+psycopg://ada:password@/grades?host=/nowhere", "cannot be used: connection"),
        ("oracle+nothing://host", "db_url is no address of a database: oracle"),
    ],
)
def test_a_gradebook_that_cannot_be_had_is_one_sentence_without_its_password(tmp_path, url, sentence):
    if "psycopg" in url:
        pytest.importorskip("psycopg", reason="the driver psycopg is not installed")
    course = graded_course(tmp_path, url)
    with pytest.raises(CourseError) as caught:
        file(course)
    assert sentence in str(caught.value)
    assert "password" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_gradebook_is_one_sentence(local):
    (local.root / "gradebook.db").write_text("not a database, but quite long " * 50)
    with pytest.raises(CourseError, match="cannot be used: file is not a database"):
        file(local)


def test_a_folder_that_cannot_be_written_is_one_sentence(local):
    lecture = local.lecture("03")
    hand_in(lecture, "ada", FULL)
    (local.root / "autograded").write_text("a file in the way")
    with pytest.raises(
        CourseError, match=r"autograded/ada/03_toy/toy.ipynb cannot be written: Not a directory"
    ):
        file(local, judged(lecture, "ada"))


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "/etc", "../ada"])
def test_a_name_that_leaves_its_folder_is_refused(local, name):
    with pytest.raises(CourseError, match="cannot be called"):
        file(local, Record(name, "03_toy"))
