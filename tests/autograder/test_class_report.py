"""The report for the instructor: right numbers, mistakes known again whatever the seed, a bank graded once."""

import argparse
import json
from dataclasses import replace
from statistics import quantiles

import pytest
from bs4 import BeautifulSoup
from graded_records import HOSTILE, checked, full_of, not_graded, record, write_journal
from hypothesis import given
from hypothesis import strategies as st
from page_checks import ANYTHING, require_harmless, words_of
from toy_course import toy_notebook

from autograder.bank.answers import find_answers
from autograder.commands import report as command
from autograder.judge.executor import CellError, CellResult
from autograder.judge.pool import JudgePool
from autograder.notebooks.course import CourseError, read_notebook
from autograder.reports.class_report import (
    class_report,
    histogram,
    quartiles,
    report_page,
    report_summary,
)
from autograder.reports.failures import (
    Failure,
    failure_of,
    failures_of,
    lookalikes,
    most_frequent,
    untouched,
)
from autograder.reports.marks import ByHand, marks_of
from autograder.reports.outline import outline_of
from autograder.reports.wrong_answers import WrongAnswer, read_bank
from autograder.submission.grading import grade_submission
from autograder.submission.record import Remark, RemarkKind, SolutionRecord
from autograder.submission.submission import Submission

OUTLINE = outline_of("03_toy", toy_notebook())
SQUARE = CellError("CheckFailed", "2x: wrong value\n  expected 4\n  actual   9.5\n  Hint: is it x squared?")
MEAN = CellError("CheckFailed", "mean: 3 of 7 values are wrong\n  expected 3.0")


def report_of(*records, bank=None, by_hand=None):
    by_hand = by_hand or {}
    marks = [marks_of(one, OUTLINE, by_hand.get(one.student)) for one in records]
    return class_report(OUTLINE, marks, bank or {})


# Numbers


@given(st.lists(st.floats(-1, 30), min_size=1), st.floats(0.1, 25), st.integers(1, 40))
def test_a_histogram_counts_everyone_once(values, top, most):
    counts = histogram(values, top, most)
    assert sum(counts) == len(values)
    assert 1 <= len(counts) <= most


def test_a_histogram_puts_full_points_last_and_none_first():
    assert histogram([0.0, 0.5, 1.0, 3.9, 4.0, 4.0], 4.0, 8) == (2, 1, 0, 3)
    assert histogram([1.0], 0.0, 8) == (1,)


@given(st.lists(st.floats(0, 1e6), min_size=2))
def test_quartiles_lie_between_the_least_and_the_most(values):
    least, *middle, most = quartiles(values)
    assert [least, *middle, most] == sorted([least, *middle, most])
    assert middle == quantiles(values, n=4, method="inclusive")


def test_one_value_is_all_its_quartiles():
    assert quartiles([2.5]) == (2.5,) * 5


def test_shares_and_means_are_of_those_who_were_graded():
    wrong = record("b", [checked("double_visible", error=SQUARE), checked("double_hidden", error=SQUARE)])
    half = record("c", [checked("double_hidden", error=SQUARE)])
    double, mean = report_of(record("a"), wrong, half, not_graded("d")).exercises
    assert (double.mean, double.full, double.none) == (pytest.approx(4 / 3), 1 / 3, 1 / 3)
    assert (mean.mean, mean.full, mean.none) == (4.0, 1.0, 0.0)
    assert double.counts == (1, 1, 1)


def test_an_untouched_function_is_told_from_a_wrong_one():
    stub = CellError("NotImplementedError", "")
    one = record(tests=[checked(name, error=stub) for name in ("double_visible", "double_hidden")])
    assert untouched(one, "double")
    assert not untouched(one, "mean")
    assert not untouched(record(tests=[checked("double_hidden", error=stub)]), "double")
    assert failures_of(one, "double") == frozenset()


# Which mistakes


@pytest.mark.parametrize("numbers", [("4", "9.5"), ("-1e-07", "1,234"), ("0.286709", "+3")])
def test_the_same_mistake_is_the_same_failure_whatever_the_numbers(numbers):
    expected, index = numbers
    message = (
        f"log q: {index} of {expected} are wrong\n  expected {expected}\n  Hint: it is {index} times that."
    )
    failure = failure_of("a", CellError("CheckFailed", message))
    assert failure == Failure("a", "log q: # of # are wrong", "it is # times that.")


def test_words_with_digits_in_them_stay():
    failure = failure_of("a", CellError("CheckFailed", "float32 and x2: 3 wrong\n  Hint: use float64, not 2"))
    assert failure == Failure("a", "float32 and x2: # wrong", "use float64, not #")


def test_another_cell_another_hint_or_another_problem_is_another_failure():
    assert failure_of("a", SQUARE) != failure_of("b", SQUARE)
    assert failure_of("a", SQUARE) != failure_of("a", MEAN)
    assert failure_of("a", SQUARE) != failure_of("a", CellError("CheckFailed", "2x: wrong value"))


def test_a_cell_that_stops_counts_once_and_not_for_the_tests_that_were_not_run():
    stopped = CellError("NotRun", "the solution cell double failed")
    cell = SolutionRecord(
        "double", "double", "1 / 0", error=CellError("ZeroDivisionError", "division by zero")
    )
    one = record(tests=[checked("double_visible", error=stopped)], solutions=(cell,))
    assert failures_of(one, "double") == {Failure("double", "ZeroDivisionError: division by zero")}


A, B, C = (Failure(name, "wrong") for name in "abc")


def test_the_answer_with_the_largest_overlap_is_the_likeness():
    bank = {"both": frozenset([A, B]), "one": frozenset([A]), "other": frozenset([C]), "none": frozenset()}
    assert lookalikes(frozenset([A, B]), bank) == ["both"]
    assert lookalikes(frozenset([A]), bank) == ["one"]
    assert lookalikes(frozenset([Failure("d", "wrong")]), bank) == []
    assert lookalikes(frozenset(), bank) == []


def test_failures_are_counted_and_so_is_what_they_look_like():
    bank = {"both": frozenset([A, B]), "one": frozenset([A])}
    frequent = most_frequent([frozenset([A, B]), frozenset([A]), frozenset([A]), frozenset([C])], bank, 2)
    assert [(f.failure, f.count, f.alike) for f in frequent] == [
        (A, 3, (("one", 2), ("both", 1))),
        (B, 1, (("both", 1),)),
    ]


# The bank


class Failing:
    """An executor in which a test fails by the first line of the answer; it counts."""

    def __init__(self):
        self.runs = self.closed = 0

    def run(self, cells, limits, seed=None):
        """Return a result for each cell."""
        self.runs += 1
        answer = next(cell.source for cell in cells if cell.kind == "solution").partition("\n")[0]
        error = CellError("CheckFailed", f"wrong: {answer}")
        return [CellResult(error=error if cell.kind == "test" else None) for cell in cells]

    def close(self):
        """Count."""
        self.closed += 1


def test_the_bank_is_graded_once_until_an_answer_or_the_source_changes(lecture):
    counting = Failing()
    wrong = sum(not answer.right for answer in find_answers(lecture))
    first = read_bank(lecture, lambda: counting)
    assert set(first) == {answer.name for answer in find_answers(lecture) if not answer.right}
    assert first["double/wrong_square"].comment == "The square."
    assert counting.runs == wrong
    assert read_bank(lecture, lambda: counting) == read_bank(lecture) == first
    assert (counting.runs, counting.closed) == (wrong, 1)
    (lecture.answers / "double" / "wrong_square.py").write_text(
        "# The cube.\ndef double(x):\n    return x**3\n"
    )
    assert read_bank(lecture) == {}
    assert read_bank(lecture, lambda: counting)["double/wrong_square"].comment == "The cube."
    assert counting.runs == 2 * wrong


@pytest.mark.parametrize("kept", ["", "{", "[]", "{}", '{"key": 1, "answers": 3}', "\x00"])
def test_what_was_kept_and_is_broken_is_graded_again(lecture, kept):
    path = lecture.course / ".grading" / "03_toy.bank.json"
    path.parent.mkdir()
    path.write_text(kept)
    assert read_bank(lecture) == {}
    bank = read_bank(lecture, Failing)
    assert bank
    assert json.loads(path.read_text())["answers"].keys() == bank.keys()


@pytest.mark.notebook
def test_a_class_of_wrong_answers_is_recognized_from_other_seeds(lecture, executor):
    bank = read_bank(lecture, lambda: JudgePool(1, trust_submissions=True))
    source = read_notebook(lecture.source)
    known = {name: answer.failures for name, answer in bank.items()}
    for seed, answer in enumerate(find_answers(lecture)):
        texts = {"double": "def double(x): return x + x", "mean": "def mean(v): return sum(v) / len(v)"}
        submission = Submission(answer.name, texts | {answer.exercise: answer.source})
        one = grade_submission(source, submission, executor, lecture="03_toy", seed=seed)
        alike = lookalikes(failures_of(one, answer.exercise), known)
        assert (answer.name in alike) is not answer.right


# The page and the terminal


def eventful():
    """Return the report of a class in which there is something to say about everything."""
    tampered = (Remark(RemarkKind.TAMPERING, "the test cell double_hidden was changed"),)
    missing = (Remark(RemarkKind.MISSING, "the cell mean is missing"),)
    records = [
        record("ada"),
        record("bob", [checked("double_hidden", error=SQUARE)], remarks=tampered, seconds=9.25),
        record("cid", [checked("double_hidden", error=SQUARE)], remarks=missing),
        not_graded("dan"),
        record("eve"),
    ]
    bank = {
        "double/wrong_square": WrongAnswer("The square.", frozenset([failure_of("double_hidden", SQUARE)]))
    }
    by_hand = {"eve": ByHand(waiting=frozenset(["mean_hidden"]), late_penalty=2.0)}
    return report_of(*records, bank=bank, by_hand=by_hand)


def test_the_page_tells_all_that_there_is_to_know():
    page = report_page(eventful())
    require_harmless(page)
    words = words_of(page)
    for said in (
        "5 handed in",
        "4.4 mean points",
        "2 × double/wrong_square The square.",
        "Hint: is it x squared?",
        "the test cell double_hidden was changed",
        "the cell mean is missing",
        "SECRET-FAILURE",
        "1 could not be graded",
        "1 with signs of tampering",
        "1 wait for manual grading",
        "bob 9.25 s 3 MiB",
        "Seconds 1.5 1.5 1.5 3.44 9.25",
        "1 submission was late",
    ):
        assert said in words
    heights = [float(bar["height"]) for bar in BeautifulSoup(page, "html.parser").find_all("rect")]
    assert max(heights) > 0


def test_the_terminal_tells_the_same_in_short():
    text = report_summary(eventful())
    assert "03_toy: 5 submissions, mean 4.4 and median 5.0 of 7 points" in text
    assert "double/wrong_square" in text
    assert "signs of tampering: bob" in text
    assert "dan could not be graded: SECRET-FAILURE" in text
    assert "1 of 5 waits for manual grading" in text


def test_a_class_of_whom_none_could_be_graded_has_a_report_too():
    report = report_of(not_graded("a"), not_graded("b"))
    assert "2 could not be graded" in words_of(report_page(report))
    assert "a could not be graded" in report_summary(report)


@given(ANYTHING)
def test_hostile_text_is_text_to_the_instructor_too(text):
    bank = {"double/wrong": WrongAnswer("wrong", failures_of(full_of(text), "double"))}
    for shown in (text, HOSTILE):
        one = full_of(shown, student=shown)
        report = report_of(one, replace(not_graded(shown), failure=shown), bank=bank)
        require_harmless(report_page(report))
        summary = report_summary(report)
        summary.encode("utf-8")
        assert "\x1b" not in summary


# The command


def run(course, *arguments):
    parser = argparse.ArgumentParser()
    command.configure(parser)
    return command.run(parser.parse_args(arguments, argparse.Namespace(course=str(course.root))))


def test_the_command_writes_the_page_and_prints_the_summary(course, lecture, capsys):
    write_journal(lecture, record("ada"), record("bob", [checked("double_hidden", error=SQUARE)]))
    assert run(course) == 0
    page = course.root / "reports" / "03_toy.html"
    assert "--with-bank" in page.read_text(encoding="utf-8")
    out = capsys.readouterr().out
    assert "03_toy: 2 submissions" in out
    assert f"wrote {page}" in out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["99"], "the lecture must be one of 03_toy; got '99'"),
        ([], "run .autograder grade. first"),
        (["03"], "03_toy has no grades yet"),
    ],
)
def test_wrong_input_is_a_sentence_and_writes_nothing(course, arguments, sentence):
    with pytest.raises(CourseError, match=sentence):
        run(course, *arguments)
    assert not (course.root / "reports").exists()
