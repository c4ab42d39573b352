"""The command that grades: what it prints, its exit status, and its sentences for wrong input."""

import json

import pytest
from class_runs import (
    RIGHT,
    WRONG,
    StubExecutor,
    StubFiler,
    grading,
    hand_in,
)
from toy_course import make_course, toy_notebook, write_source

from autograder import cli
from autograder.gradebook import filing
from autograder.gradebook.conversions import NbgraderCourse
from autograder.judge import pool
from autograder.judge.executor import MIB, Limits
from autograder.notebooks.course import CONFIG_NAME, Lecture
from autograder.runs import summary
from autograder.runs.journal import Journal
from autograder.runs.outcome import Outcome
from autograder.runs.summary import ClassResult, report
from autograder.submission.record import Remark, RemarkKind


class Gradebook(StubFiler):
    """In memory, as a context manager; it cannot take a student called ``refused``, and remarks on ``undated``."""

    def __init__(self, course, lecture):
        super().__init__(refused=("refused",))
        self.notes = []

    def file(self, record):
        if record.student == "undated":
            self.notes.append("undated: timestamp.txt holds no date")
        super().file(record)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """There is nothing to close."""


@pytest.fixture
def executor(monkeypatch):
    """The executor that the command gets: it records the limits, and runs nothing."""

    class Recording(StubExecutor):
        limits = None

        def run(self, cells, limits, seed=None):
            self.limits, self.seed = limits, seed
            return super().run(cells, limits, seed)

    executor = Recording()
    monkeypatch.setattr(pool, "JudgePool", lambda jobs, trust_submissions: executor)
    monkeypatch.setattr(filing, "Filing", Gradebook)
    return executor


@pytest.fixture
def graded(course, executor, capsys):
    """Run the command on the course; return status, stdout and stderr."""

    def run(*options):
        executor.closed.clear()
        status = cli.main(["--course", str(course.root), "grade", *options])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def outcome(student, earned=7.0, failure="", remarks=(), not_filed="", by_hand=0.0):
    return Outcome(student, earned, 7.0, by_hand, failure, tuple(remarks), 0.5, False, not_filed)


def result(*outcomes, students=None):
    lecture = Lecture(None, "03_toy")
    return ClassResult(lecture, students or len(outcomes), list(outcomes), "journal")


def tampering(text):
    return Remark(RemarkKind.TAMPERING, text)


def test_a_class_that_is_graded_is_a_table_and_status_0(graded, course):
    hand_in(course, "bob", WRONG)
    hand_in(course, "ann", RIGHT)
    assert graded("03", "--quiet") == (
        0,
        "03_toy: 2 of 2 submissions, mean 5.5 of 7 points\n"
        "student  points  remarks\n"
        "-------  ------  -------\n"
        "ann      7 of 7\n"
        "bob      4 of 7\n",
        "",
    )


def test_one_that_could_not_be_graded_comes_last_with_its_reason_and_status_1(graded, course):
    hand_in(course, "ann").write_text("{")
    hand_in(course, "bob")
    status, out, err = graded("toy")
    lines = out.splitlines()
    assert status == 1
    assert lines[0] == "03_toy: 2 of 2 submissions, mean 7 of 7 points, 1 failed"
    assert [line.split()[0] for line in lines[3:5]] == ["bob", "ann"]
    assert lines[5].startswith("ann could not be graded: ann/03_toy/toy.ipynb is not a notebook: ")
    assert err.startswith("03_toy: 2 of 2, 1 failed")


def test_one_that_could_not_be_filed_is_said_so_with_status_1(graded, course):
    hand_in(course, "refused")
    status, out, _ = graded("03")
    assert status == 1
    assert out.endswith("refused is graded, but not in the gradebook: the gradebook is locked\n")


def test_what_was_found_while_filing_is_said(graded, course):
    hand_in(course, "undated")
    status, _, said = graded("03", "--quiet")
    assert (status, said) == (0, "autograder: undated: timestamp.txt holds no date\n")


def test_json_is_one_document_and_all_of_stdout(graded, course):
    hand_in(course, "bob", WRONG)
    hand_in(course, "ann").write_text("{")
    status, out, _ = graded("--json")
    document = json.loads(out)
    (lecture,) = document["lectures"]
    ann, bob = lecture["students"]
    assert status == 1
    assert document["interrupted"] is False
    assert (lecture["lecture"], lecture["handed_in"]) == ("03_toy", 2)
    assert Journal.of(course.lecture("03")).path.samefile(lecture["journal"])
    assert (bob["student"], bob["earned"], bob["points"], bob["failure"]) == ("bob", 4.0, 7.0, "")
    assert "is not a notebook" in ann["failure"]
    assert json.loads(graded("--json")[1])["lectures"][0]["students"][1]["unchanged"] is True


def test_only_the_students_that_are_named_are_graded(graded, course, executor):
    for student in ("ann", "bob", "carl", "dora"):
        hand_in(course, student, f"# {student}\n{RIGHT}")
    status, out, _ = graded("03", "--student", "ann", "bob", "--student", "dora")
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()[3:]] == ["ann", "bob", "dora"]
    assert executor.runs.total() == 3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["elbow"], "the lecture must be one of 03_toy; got 'elbow'"),
        (["--student", "zoe"], "'zoe' has not handed in anything: no folder under submitted/ for 03_toy"),
    ],
)
def test_what_is_not_there_is_one_sentence_and_status_2(graded, course, options, said):
    hand_in(course, "ann")
    assert graded(*options) == (2, "", f"autograder: {said}\n")


@pytest.mark.parametrize("options", [[], ["03"]])
def test_a_class_that_has_handed_in_nothing_is_one_sentence_and_status_2(graded, options):
    status, out, err = graded(*options)
    assert (status, out) == (2, "")
    assert err.startswith("autograder: no student has handed in 03_toy: ")
    assert err.count("\n") == 1


def test_lectures_that_nobody_handed_in_are_passed_over_unless_they_are_named(graded, course):
    write_source(Lecture(course.root, "04_more"), toy_notebook())
    hand_in(course, "ann")
    status, out, _ = graded()
    assert status == 0
    assert "04_more" not in out
    status, _, err = graded("03", "04")
    assert status == 2
    assert "no student has handed in 04_more" in err


def test_every_lecture_that_was_handed_in_is_graded(graded, course):
    write_source(Lecture(course.root, "04_more"), toy_notebook())
    text = hand_in(course, "ann").read_bytes()
    other = course.root / "submitted" / "ann" / "04_more" / "more.ipynb"
    other.parent.mkdir()
    other.write_bytes(text)
    status, out, _ = graded("--quiet")
    assert status == 0
    assert [line.split(":")[0] for line in out.splitlines() if "submissions" in line] == ["03_toy", "04_more"]


def test_a_second_grader_of_a_lecture_is_told_so_with_status_2(graded, course):
    hand_in(course, "ann")
    with Journal.of(course.lecture("03")):
        status, out, err = graded("03")
    assert (status, out) == (2, "")
    assert err.startswith("autograder: another run is grading 03_toy")


def test_limits_and_seed_reach_the_executor_and_longer_cells_lengthen_the_whole(graded, course, executor):
    hand_in(course, "ann")
    graded("03", "--cell-seconds", "400", "--memory-mb", "512", "--seed", "11")
    assert executor.seed == 11
    assert executor.limits == Limits(
        cell_seconds=400, exercise_seconds=400, notebook_seconds=400, memory_bytes=512 * MIB
    )
    graded("03", "--cell-seconds", "1.5", "--notebook-seconds", "9")
    assert executor.limits == Limits(cell_seconds=1.5, notebook_seconds=9)
    graded("03")
    assert executor.limits == Limits()


@pytest.mark.parametrize(
    "options",
    [
        ["--jobs", "0"],
        ["--jobs", "two"],
        ["--cell-seconds", "0"],
        ["--notebook-seconds", "nan"],
        ["--memory-mb", "-1"],
        ["--jobs", "2", "--dask", "tcp://localhost:1"],
        ["--seed", "x"],
    ],
)
def test_an_option_that_makes_no_sense_is_refused_with_status_2(graded, course, options):
    hand_in(course, "ann")
    with pytest.raises(SystemExit) as left:
        graded(*options)
    assert left.value.code == 2


def test_a_large_class_is_a_few_figures_and_lists_that_end():
    outcomes = [outcome(f"student{i:03}", earned=i % 8) for i in range(100)]
    outcomes += [outcome(f"tamperer{i:02}", remarks=[tampering("points changed")]) for i in range(25)]
    outcomes += [outcome(f"failure{i:02}", failure="it is empty") for i in range(30)]
    lines = report(result(*outcomes)).splitlines()
    assert lines[0] == (
        "03_toy: 155 of 155 submissions, mean 4.136 of 7 points, 25 with signs of tampering, 30 failed"
    )
    assert lines[1] == "tamperer00: tampering: points changed"
    assert lines[21] == "… and 5 more"
    assert lines[22] == "failure00 could not be graded: it is empty"
    assert lines[-1] == "… and 10 more"
    assert len(lines) == 43


def test_a_class_of_forty_still_has_a_line_for_each():
    lines = report(result(*(outcome(f"student{i:02}") for i in range(40)))).splitlines()
    assert len(lines) == 43


def test_a_table_is_sorted_by_name_and_shows_tampering_before_other_remarks():
    remarks = [Remark(RemarkKind.NOTE, "renamed"), tampering("points changed")]
    lines = report(result(outcome("zoe"), outcome("ann", remarks=remarks), outcome("bob", 3.5))).splitlines()
    assert [line.split() for line in lines[3:]] == [
        ["ann", "7", "of", "7", "tampering:", "points", "changed"],
        ["bob", "3.5", "of", "7"],
        ["zoe", "7", "of", "7"],
    ]


def test_points_that_a_person_gives_are_mentioned():
    assert "5 more are graded by hand" in report(result(outcome("ann", by_hand=5.0)))


def test_names_and_remarks_cannot_write_on_the_terminal():
    evil = "\x1b[2J\r\nann\udcff\u202e"
    text = report(result(outcome(evil, failure=evil), outcome(evil + "b", remarks=[tampering(evil)])))
    assert all(character.isprintable() or character == "\n" for character in text)
    assert len(text.splitlines()) == 6
    text.encode()


def test_long_remarks_are_cut_in_the_table():
    lines = report(result(outcome("ann", remarks=[tampering("x" * 500)] * 3))).splitlines()
    assert lines[3].endswith("… (and 2 more)")
    assert len(lines[3]) < 140


def test_nothing_done_is_no_table():
    assert report(result(students=9)) == "03_toy: 0 of 9 submissions"
    assert summary.done_so_far(result(students=9)).startswith("0 of 9 submissions of 03_toy are done")


@pytest.mark.notebook
def test_the_points_in_the_gradebook_are_those_that_the_judge_gave(tmp_path):
    course = make_course(tmp_path)
    for student, answer in {"ann": RIGHT, "bob": WRONG}.items():
        hand_in(course, student, answer)
    hand_in(course, "eve").write_text("{")
    with grading(course, "--quiet", jobs=1) as process:
        out, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (1, "")
    assert out.startswith("03_toy: 3 of 3 submissions, mean 6 of 7 points, 1 failed\n")
    nbgrader, lecture = NbgraderCourse(course.root), course.lecture("03")
    given = {student: sum(nbgrader.points(lecture, student).values()) for student in ("ann", "bob", "eve")}
    assert given == {"ann": 7, "bob": 5, "eve": 0}
    assert (course.root / "autograded" / "ann" / "03_toy" / "toy.ipynb").is_file()
    assert (course.root / CONFIG_NAME).is_file()
