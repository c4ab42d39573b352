"""Answers are graded as labeled, and mislabeled ones are found."""

import pytest

from autograder.bank.answers import Answer, find_answers, judge, judge_all, shortages
from autograder.judge.executor import Limits
from autograder.notebooks.course import CourseError

pytestmark = pytest.mark.notebook


def verdict_on(notebook, executor, tmp_path, name, source, **options):
    path = tmp_path / f"{name}.py"
    path.write_text(source)
    return judge(Answer("double", path), notebook, executor, **options)


def test_the_bank_of_the_toy_comes_out_as_labeled(lecture, notebook, executor):
    answers = find_answers(lecture)
    verdicts = judge_all(answers, notebook, executor)
    assert len(verdicts) == 12
    assert [problem for verdict in verdicts for problem in verdict.problems] == []
    earned = {verdict.answer.name: verdict.earned for verdict in verdicts}
    assert earned["double/right_sum"] == 3
    assert earned["double/wrong_abs"] == 1
    assert all(bool(verdict.message) != verdict.answer.right for verdict in verdicts)


@pytest.mark.parametrize(
    ("name", "source", "said"),
    [
        (
            "right_no",
            "# Wrong.\ndef double(x):\n    return x",
            "is right, but loses points in double_visible",
        ),
        ("wrong_no", "# Right.\ndef double(x):\n    return x + x", "is wrong, but earns full points"),
        (
            "wrong_crash",
            "# Divides by 0.\ndef double(x):\n    return 1 / 0",
            "must fail with a check in double_visible, got ZeroDiv",
        ),
        ("wrong_text", "# No Python.\ndef double(x:", "must fail with a check in double_visible, got NotRun"),
        (
            "wrong_spill",
            "# Breaks an import.\nimport sys as math\ndef double(x):\n    return x",
            "double/wrong_spill costs points in exercise mean",
        ),
    ],
)
def test_an_answer_that_is_not_as_labeled_is_found(notebook, executor, tmp_path, name, source, said):
    problems = verdict_on(notebook, executor, tmp_path, name, source).problems
    assert any(said in problem for problem in problems)


def test_an_answer_may_raise_if_its_comment_says_so(notebook, executor, tmp_path):
    source = "# Raises for every input.\ndef double(x):\n    return 1 / 0"
    assert verdict_on(notebook, executor, tmp_path, "wrong_crash", source).problems == ()


def test_a_side_effect_without_a_name_is_found_when_the_whole_notebook_runs(notebook, executor, tmp_path):
    source = "# Wrong.\nmath.__dict__['fsum'] = max\ndef double(x):\n    return x"
    assert verdict_on(notebook, executor, tmp_path, "wrong_max", source).problems == ()
    problems = verdict_on(notebook, executor, tmp_path, "wrong_max", source, whole=True).problems
    assert problems == ("double/wrong_max costs points in exercise mean",)


def test_an_answer_that_hangs_ends(notebook, executor, tmp_path):
    source = "# Raises nothing, and never ends.\ndef double(x):\n    while True:\n        x += 1"
    limits = Limits(cell_seconds=1.0)
    verdict = verdict_on(notebook, executor, tmp_path, "wrong_endless", source, limits=limits)
    assert verdict.earned == 0
    assert "CellTimeout" in verdict.message


def test_too_few_answers_are_found(lecture, notebook):
    answers = [answer for answer in find_answers(lecture) if answer.exercise == "double" or answer.right]
    assert shortages(notebook, answers) == ["exercise mean must have at least 4 wrong answers, got 0"]


@pytest.mark.parametrize(
    ("name", "source", "said"),
    [
        ("double/almost_right.py", "# A comment.\n", r"right_….py or wrong_….py"),
        ("double/wrong_silent.py", "def double(x):\n    return x\n", "first line must be a comment"),
        ("double/wrong_empty.py", "#\n", "first line must be a comment"),
        ("triple/wrong_x.py", "# A comment.\n", "has no exercise 'triple'"),
    ],
)
def test_a_file_that_is_no_answer_is_refused(lecture, name, source, said):
    path = lecture.answers / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(source)
    with pytest.raises(CourseError, match=said):
        find_answers(lecture)
