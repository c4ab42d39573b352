"""`pip install` ships the two packages and nothing that students must not see."""

import ast
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.notebooks.course import Course, Lecture
from autograder.notebooks.exercises import SOLUTION_BEGIN, SOLUTION_END, regions

ROOT = Path(__file__).parents[1]
LECTURES = Course.find(ROOT).lectures()
BUILD = "import sys; from setuptools import build_meta as b; out = sys.argv[1]; b.build_wheel(out); b.build_sdist(out)"


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The text of every file of the wheel and of the source distribution, by name."""
    copy, out = tmp_path_factory.mktemp("copy") / "course", tmp_path_factory.mktemp("dist")
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".venv", ".git", "*.egg-info", "build", "dist"))
    subprocess.run([sys.executable, "-c", BUILD, str(out)], cwd=copy, check=True, capture_output=True)
    (wheel,), (source,) = out.glob("*.whl"), out.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        files = {f"wheel/{name}": archive.read(name) for name in archive.namelist()}
    with tarfile.open(source) as archive:
        members = [member for member in archive if member.isfile()]
        files |= {f"sdist/{member.name}": archive.extractfile(member).read() for member in members}
    return {name: content.decode(errors="replace") for name, content in files.items()}


def test_both_packages_are_shipped_with_their_data(shipped):
    for name in (
        "autograder/cli.py",
        "dgm_helpers/exercises/welcome.py",
        "dgm_helpers/data/files/mnist_10k.npz",
    ):
        assert any(name in file for file in shipped if file.startswith("wheel/")), name


def test_no_private_file_is_shipped(shipped):
    private = [
        name
        for name in shipped
        if name.endswith(".ipynb") or {"answers", "solutions", "hidden_checks.py"} & set(name.split("/"))
    ]
    assert private == []


@pytest.mark.parametrize("lecture", LECTURES, ids=lambda lecture: lecture.folder)
def test_no_line_of_an_answer_a_hidden_check_or_a_solution_is_shipped(shipped, lecture):
    everything = "\n".join(text for name, text in shipped.items() if name.endswith(".py"))
    public = {line.strip() for line in everything.splitlines()}
    leaked = [line for line in _private_lines(lecture) if line in public]
    assert leaked == []


def _private_lines(lecture: Lecture) -> Iterator[str]:
    """First lines of the hidden checks' docstrings, and of answers, which say what is wrong with them."""
    for node in ast.walk(ast.parse(lecture.hidden_checks.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and (text := ast.get_docstring(node)):
            yield f'"""{text.splitlines()[0]}'
            yield f'"""{text.splitlines()[0]}"""'
    for path in lecture.answers.glob("*/*.py"):
        yield path.read_text(encoding="utf-8").splitlines()[0].strip()


def test_a_solution_region_is_found_in_each_source():
    """The search above would pass on an empty course; this one shows that there is something to find."""
    for lecture in LECTURES:
        text = lecture.source.read_text(encoding="utf-8").replace("\\n", "\n")
        assert regions(text, SOLUTION_BEGIN, SOLUTION_END)
        assert len(list(_private_lines(lecture))) > 10
