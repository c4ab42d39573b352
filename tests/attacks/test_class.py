"""A class with attacks in it, by the commands that an instructor types: a page for everybody, points for the honest."""

from __future__ import annotations

import contextlib
import csv
import io
import re
import shutil

import attack
import lecture
import pytest
from host import REPOSITORY
from nbgrader.api import Gradebook
from verdict import SCRIPTS

from autograder.cli import main
from autograder.judge.executor import ExecutorError
from autograder.judge.sandbox import require_sandbox
from autograder.notebooks.course import Lecture
from autograder.runs.journal import Journal

pytestmark = pytest.mark.notebook

HONEST = ("ada", "Zoë Müller", "=HYPERLINK(1)", "<img src=x onerror=alert(1)>", "esc\x1b[2J\u202eape")
# Escapes, and marks that turn the direction of reading.
CONTROL = re.compile(r"[^\n\r\t\x20-\x7e\xa0-\u2027\u2030-\U0010ffff]")
ATTACKS = (
    "cells_that_nobody_asked_for",
    "disk_of_tmp",
    "exception_of_enormous_size",
    "file_of_a_hostile_name",
    "file_that_is_a_link",
    "leak_by_what_is_printed_later",
    "names_of_everything_wrong",
    "output_as_a_page",
    "output_of_surrogates",
    "points_of_a_test",
    "processes_fork_bomb",
    "protocol_hostile_outputs",
    "protocol_texts_without_end",
    "solution_that_is_graded_by_hand",
    "source_of_half_characters",
    "source_of_white_space",
    "time_endless_loop",
    "types_of_everything_wrong",
)


@pytest.fixture(scope="module")
def said() -> io.StringIO:
    """What the commands have printed."""
    return io.StringIO()


@pytest.fixture(scope="module")
def toy(tmp_path_factory, said) -> Lecture:
    """The lecture of a graded class that has its pages."""
    try:
        require_sandbox()
    except ExecutorError as error:
        pytest.skip(str(error))
    root = tmp_path_factory.mktemp("course")
    shutil.copy(REPOSITORY / "nbgrader_config.py", root)
    toy = Lecture(root, "01_toy")
    toy.source.parent.mkdir(parents=True)
    lecture.write(toy.source)
    for student in (*HONEST, *ATTACKS):
        (root / "submitted" / student / toy.folder).mkdir(parents=True)
    for student in HONEST:
        notebook = attack.to_bytes(lecture.handed_in(lecture.SOLUTIONS))
        (root / "submitted" / student / toy.folder / "toy.ipynb").write_bytes(notebook)
    words = {
        "marker": "x",
        "loot": "loot",
        "canary": str(root),
        "repository": str(REPOSITORY),
        "home": "/root",
    }
    for one in attack.corpus():
        if one.name in ATTACKS:
            one.hand_in(root / "submitted" / one.name / toy.folder / "toy.ipynb", words, lecture.SOLUTIONS)
    limits = ["--cell-seconds", "20", "--memory-mb", "512"]
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        assert command(toy, "grade", "01", "--jobs", "2", *limits) == 1
        assert command(toy, "feedback", "01") == 0
        assert command(toy, "report", "01") == 0
    return toy


def command(toy: Lecture, *arguments: str) -> int:
    return main(["--course", str(toy.course), *arguments])


def test_every_honest_student_has_full_points_and_every_submission_a_record(toy):
    with Journal.of(toy) as journal:
        records = journal.latest()
    assert set(records) == {*HONEST, *ATTACKS}
    assert {student: records[student].earned for student in HONEST} == dict.fromkeys(
        HONEST, records["ada"].points
    )
    for one in attack.corpus():
        if one.name in ATTACKS:
            most = sum(high for _, high in one.allowed(lecture.SOLUTIONS).values())
            assert records[one.name].earned <= most, one.name


def test_the_gradebook_has_the_points_of_the_records_and_no_others(toy):
    with Journal.of(toy) as journal:
        records = journal.latest()
    with Gradebook(f"sqlite:///{toy.course / 'gradebook.db'}") as gradebook:
        assert gradebook.find_assignment(toy.folder).max_score == sum(lecture.points().values())
        filed = {one.student.id: one.score for one in gradebook.assignment_submissions(toy.folder)}
    assert filed == {student: record.earned for student, record in records.items()}


def test_pages_run_no_script_and_reveal_nothing(toy):
    pages = [path.read_text() for path in toy.course.rglob("*.html")]
    assert len(pages) >= len(HONEST) + len(ATTACKS)
    students = [path.read_text() for path in (toy.course / "feedback").rglob("*.html")]
    assert [word for word in lecture.HIDDEN_WORDS for page in students if word in page] == []
    assert [script for script in SCRIPTS for page in pages if script in page] == []


def test_the_terminal_is_told_nothing_but_text(toy, said):
    assert "could not be graded" in said.getvalue()
    assert CONTROL.findall(said.getvalue()) == []


def test_the_table_has_every_student_and_no_formula(toy, tmp_path):
    table = tmp_path / "table.csv"
    assert command(toy, "export", "01", "--format", "csv", "--out", str(table)) == 0
    rows = list(csv.reader(table.read_text("utf-8-sig").splitlines()))
    assert len(rows) == 1 + len(HONEST) + len(ATTACKS)
    cells = [cell for row in rows for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "@", "\t"))] == []
    assert [cell for cell in cells if CONTROL.search(cell)] == []
