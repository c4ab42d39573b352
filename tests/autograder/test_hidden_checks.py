"""Hidden checks in a module beside the source: they are run by the judge, and the library's own answers are found."""

import importlib
import inspect
import sys
import textwrap

import nbformat
import pytest
from toy_course import cell_of

from autograder.gradebook.conversions import NbgraderCourse
from autograder.judge.executor import ExecutorError, Limits
from autograder.judge.library_copies import copies_of
from autograder.notebooks.course import CourseError, read_source, source_digest
from autograder.submission.grading import grade, grade_submission
from autograder.submission.record import RemarkKind
from autograder.submission.submission import Submission
from dgm_helpers.objectives.gradient_estimators import reparametrized_gradient

ANNOTATIONS = "from __future__ import annotations"
HIDDEN = '''"""Hidden checks of the toys; the secret is 4711."""

from dgm_helpers import checks
from dgm_helpers.objectives.importance_weighting import iwae_bound


@checks.exercise(reference=iwae_bound)
def double(answer):
    checks.equal("2x", answer(-3.0), -6.0)
    values = [1.0, 2.0]
    answer(len(values))


@checks.exercise(reference=None)
def mean(answer):
    values = [4.0, 1.0, 2.0, 9.0]
    checks.equal("mean", answer(values), 4.0)
    checks.true("values", values == [4.0, 1.0, 2.0, 9.0], "the check's own list was changed")
'''
CALLS = """def double(x):
    from dgm_helpers.objectives import importance_weighting as library
    import torch
    library.iwae_bound(torch.ones(2, 1))
    return 2 * x"""
SORTS = "def mean(values):\n    values.sort()\n    return sum(values) / len(values)"


@pytest.fixture
def hidden(lecture):
    """The toy lecture, whose hidden test cells call functions of ``hidden_checks.py``."""
    notebook = nbformat.read(lecture.source, as_version=4)
    for name in ("double", "mean"):
        call = f"import hidden_checks\nhidden_checks.{name}({name})"
        cell_of(
            notebook, f"{name}_hidden"
        ).source = f"# The same on other inputs.\n### BEGIN HIDDEN TESTS\n{call}\n### END HIDDEN TESTS"
    nbformat.write(notebook, lecture.source)
    lecture.hidden_checks.write_text(HIDDEN)
    return lecture


def record_of(lecture, executor, answers, **limits):
    """Grade a submission with these answers in place of the source's own."""
    source = read_source(lecture)
    texts = {name: cell_of(source, name).source for name in ("double", "mean")} | answers
    submission = Submission("ann", texts)
    return grade_submission(
        source, submission, executor, lecture=lecture.folder, seed=1, limits=Limits(**limits)
    )


def errors(record):
    return {test.grade_id: test.error.name for test in record.tests if test.error}


def test_the_judge_runs_hidden_checks_and_a_changed_list_fails(hidden, executor):
    assert errors(record_of(hidden, executor, {})) == {}
    record = record_of(hidden, executor, {"mean": SORTS})
    assert errors(record) == {"mean_hidden": "CheckFailed"}  # the visible list is sorted already
    assert "argument 1 was changed" in record.tests[-1].error.message


def test_a_student_cannot_import_them(hidden, executor):
    record = record_of(hidden, executor, {"double": "import hidden_checks\ndef double(x):\n    return 2 * x"})
    assert [cell.error.name for cell in record.solutions if cell.error] == ["ModuleNotFoundError"]


def test_the_librarys_own_answer_earns_nothing_and_is_listed(hidden, executor):
    record = record_of(hidden, executor, {"double": CALLS})
    assert errors(record) == {"double_hidden": "LibraryAnswer"}
    (remark,) = record.remarks
    assert remark.kind == RemarkKind.LIBRARY
    assert remark.message.startswith(
        "the answer to double calls dgm_helpers.objectives.importance_weighting.iwae_bound"
    )


def test_with_the_setting_report_it_is_only_listed(hidden, executor):
    record = record_of(hidden, executor, {"double": CALLS}, library_answers="report")
    assert errors(record) == {}
    assert [remark.kind for remark in record.remarks] == [RemarkKind.LIBRARY]


ORIGINAL = """
def total(values: Tensor, weights: Tensor) -> Tensor:
    \"\"\"Weighted total.\"\"\"
    if len(values) == 0:
        raise ValueError("no values")
    scaled: Tensor = values * weights.exp()
    shifted = scaled - scaled.mean(dim=0)
    return (shifted**2).sum(dim=0) / (len(values) - 1)
"""
COPY = """
@decorated
def mine(x, y):
    a = x * y.exp()
    b = a - a.mean(dim=0)
    return (b**2).sum(dim=0) / (len(x) - 1)
"""


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (("mine", "yours"), True),
        (("b = a", "b = x"), False),
        (("- 1", "- 2"), False),
        (("mean", "sum"), False),
        (("x, y", "y, x"), False),
    ],
)
def test_a_copy_is_the_same_code_up_to_names(tmp_path, monkeypatch, change, same):
    (tmp_path / "copied_library.py").write_text("from torch import Tensor\n" + ORIGINAL)
    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("copied_library", None)
    reference = importlib.import_module("copied_library").total
    assert copies_of(COPY.replace(*change), [reference]) == (["copied_library.total"] if same else [])
    assert copies_of("def f(x):\n    return x + 1", [reference]) == []


def test_a_copy_of_the_library_is_listed_and_earns_its_points(hidden, executor):
    hidden.hidden_checks.write_text(
        HIDDEN.replace("iwae_bound", "reparametrized_gradient").replace(
            "importance_weighting", "gradient_estimators"
        )
    )
    copied = textwrap.dedent(inspect.getsource(inspect.unwrap(reparametrized_gradient)))
    record = record_of(
        hidden, executor, {"double": f"{ANNOTATIONS}\n{copied}\ndef double(x):\n    return 2 * x"}
    )
    assert errors(record) == {}
    (remark,) = record.remarks
    assert remark.message.startswith("the answer to double is a copy of dgm_helpers.objectives")


def test_the_setting_is_read_from_the_courses_configuration(course):
    assert NbgraderCourse(course.root).library_answers() == "refuse"
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write('\nc.RunSubmission.library_answers = "report"\n')
    assert NbgraderCourse(course.root).library_answers() == "report"
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write('\nc.RunSubmission.library_answers = "ignore"\n')
    with pytest.raises(CourseError, match="must be 'refuse' or 'report', got 'ignore'"):
        NbgraderCourse(course.root).library_answers()


def test_a_change_of_the_hidden_checks_changes_the_digest(hidden):
    before = source_digest(hidden)
    hidden.hidden_checks.write_text(HIDDEN + "\n")
    assert source_digest(hidden) != before


def test_hidden_checks_that_fail_to_import_are_one_sentence(hidden, executor):
    hidden.hidden_checks.write_text("raise RuntimeError('broken')")
    with pytest.raises(ExecutorError, match="the course's own hidden_checks fails: RuntimeError: broken"):
        grade(read_source(hidden), executor)


def test_nbgraders_own_release_copies_no_private_file(hidden):
    NbgraderCourse(hidden.course).release(hidden)
    released = [path.name for path in (hidden.course / "lectures" / hidden.folder).rglob("*")]
    assert released == [hidden.source.name]
    assert "4711" not in (hidden.course / "lectures" / hidden.folder / hidden.source.name).read_text()
