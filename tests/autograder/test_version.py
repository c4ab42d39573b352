"""The grader's version changes with every module that can decide a grade, and with no other."""

import shutil
from pathlib import Path

import pytest

from autograder.submission.version import ROOT, deciding_files, grader_version

NAMES = [path.relative_to(ROOT).as_posix() for path in deciding_files(ROOT)]


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """A copy of both packages."""
    root = tmp_path_factory.mktemp("packages")
    for package in ("autograder", "dgm_helpers"):
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__", "*.npz"))
    return root


def version(root: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("autograder.submission.version.ROOT", root)
    grader_version.cache_clear()
    try:
        return grader_version()
    finally:
        grader_version.cache_clear()


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("autograder/")])
def test_an_edit_of_a_module_that_decides_changes_it(copy, monkeypatch, name):
    before, text = version(copy, monkeypatch), (copy / name).read_text()
    (copy / name).write_text(text + "# edited\n")
    after = version(copy, monkeypatch)
    (copy / name).write_text(text)
    assert after != before == version(copy, monkeypatch)


@pytest.mark.parametrize(
    "name", ["autograder/reports/feedback.py", "autograder/intake/archives.py", "dgm_helpers/plots.py"]
)
def test_an_edit_of_another_module_does_not(copy, monkeypatch, name):
    before = version(copy, monkeypatch)
    (copy / name).write_text((copy / name).read_text() + "# edited\n")
    assert version(copy, monkeypatch) == before


@pytest.mark.parametrize(
    "name",
    [
        "autograder/submission/cells.py",
        "autograder/submission/refusal.py",
        "autograder/submission/ungraded.py",
        "autograder/notebooks/course.py",
        "autograder/judge/library_copies.py",
        "autograder/student/worker.py",
        "dgm_helpers/checks/guard.py",
        "dgm_helpers/exercises/welcome.py",
        "dgm_helpers/objectives/surgery.py",
    ],
)
def test_what_decides_is_found(name):
    assert name in NAMES
