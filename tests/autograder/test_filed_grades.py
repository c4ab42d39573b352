"""The rows of the gradebook: what nbgrader itself would file, on each kind of database."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from graded_course import (
    FULL,
    ScriptedJudge,
    by_exercise,
    file,
    graded,
    graded_course,
    hand_in,
    judged,
    manual_notebook,
    open_gradebook,
    points,
    set_due_date,
    set_grade,
    table_rows,
    with_task_answer,
)
from graded_databases import (
    LATE,
    course_on_each_database,  # noqa: F401 (a fixture)
    each_database,  # noqa: F401 (a fixture)
    lecture_on_each_database,  # noqa: F401 (a fixture)
    local_course,  # noqa: F401 (a fixture)
    server_for_all,  # noqa: F401 (a fixture)
)
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.preprocessors import SaveCells
from sqlalchemy import event
from toy_course import cell_of, write_source

from autograder.gradebook import nbgrader_plugin
from autograder.gradebook.conversions import NbgraderCourse
from autograder.gradebook.filing import Filing
from autograder.notebooks.course import CourseError
from autograder.notebooks.exercises import grade_id, is_test

pytestmark = pytest.mark.notebook
DUE = datetime(2030, 1, 1)


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
