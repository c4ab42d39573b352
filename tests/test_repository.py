"""The files around the code agree with each other: packages, README, Makefile."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from autograder.notebooks.course import Course
from autograder.notebooks.links import links
from dgm_helpers import pretrained

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONDA_NAMES = {"pytorch": "torch"}


def declared() -> dict[str, str]:
    """Name -> range of everything that pyproject.toml asks for."""
    texts = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    return {r.name.lower(): str(r.specifier) for r in map(Requirement, texts)}


def test_conda_environment_asks_for_the_same_packages() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    conda = [Requirement(text) for text in environment["dependencies"] if isinstance(text, str)]
    ranges = {CONDA_NAMES.get(r.name, r.name): str(r.specifier) for r in conda}
    assert ranges.pop("python") == PROJECT["requires-python"]
    del ranges["pip"]
    assert ranges == declared()
    assert environment["dependencies"][-1] == {"pip": ["--editable ."]}


def test_the_pinned_set_satisfies_every_range() -> None:
    lines = (ROOT / "constraints.txt").read_text().split()
    pinned = {r.name.lower().replace("_", "-"): r.specifier for r in map(Requirement, lines)}
    for name, wanted in declared().items():
        (exact,) = pinned[name]
        assert exact.operator == "==" and Requirement(f"x{wanted}").specifier.contains(exact.version), name
    assert "torch==2.13.0" in lines
    assert "torchvision" not in pinned


def test_readme_lists_every_lecture_with_its_status() -> None:
    rows = re.findall(r"^\| (\d\d) \| (\S+) \|.*\| (\w+) \|$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert [number for number, _, _ in rows] == [f"{i:02d}" for i in range(15)]
    complete = {
        f"{number}_{re.sub(r'[][]|[(].*', '', name)}" for number, name, status in rows if status == "complete"
    }
    assert complete == {lecture.folder for lecture in Course.find(ROOT).lectures()}


def test_readme_s_python_runs(tmp_path: Path) -> None:
    (snippet,) = re.findall(
        r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL
    )
    environment = {
        **os.environ,
        "MPLBACKEND": "Agg",
        "DGM_QUIET": "1",
        "DGM_DEVICE": "cpu",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run([sys.executable, "-W", "error", "-c", snippet], cwd=tmp_path, env=environment,
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    log_prob, names, command = done.stdout.splitlines()
    assert log_prob.startswith("tensor(-1")  # between 100 and 199 nats per image after 500 steps
    assert names.count("'") == 2 * len(pretrained.names()) and command.startswith("dgm-train gated_pixelcnn ")


def test_every_relative_link_of_the_documents_leads_somewhere() -> None:
    for document in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "benchmarks" / "README.md"):
        for target in re.findall(r"\]\((?!https?://)([^)#]+)(?:#[^)]*)?\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_make_help_names_every_public_target() -> None:
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    named = {line.split()[0] for line in listed.splitlines() if line.startswith("  ")}
    wanted = [
        "lab",
        "test",
        "test-fast",
        "test-slow",
        "notebooks",
        "release",
        "validate",
        "grade-demo",
        "lint",
        "format",
        "clean",
    ]
    assert named >= set(wanted)


@pytest.mark.parametrize(
    ("python", "problem"), [("no-such-python", "was not found"), ("old", "3.11 or newer")]
)
def test_make_says_what_is_wrong_with_the_python(tmp_path: Path, python: str, problem: str) -> None:
    if python == "old":
        python = tmp_path / "python3.9"
        python.write_text('#!/bin/sh\n[ "$1" = "-V" ] && echo "Python 3.9.1"\nexit 1\n')
        python.chmod(0o755)
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    made = subprocess.run(
        ["make", f"PYTHON={python}", "lab"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert made.returncode != 0
    assert problem in made.stdout
    assert "Traceback" not in made.stdout + made.stderr
    assert not (tmp_path / ".venv").exists()


def test_colab_and_binder_addresses() -> None:
    colab, binder = links("someone/course", "08_elbo_surgery", "elbo_surgery")
    assert colab.endswith("/github/someone/course/blob/main/lectures/08_elbo_surgery/elbo_surgery.ipynb")
    assert binder.endswith(
        "/gh/someone/course/main?urlpath=lab/tree/lectures/08_elbo_surgery/elbo_surgery.ipynb"
    )
    with pytest.raises(ValueError, match="owner/name"):
        links("someone", "08_elbo_surgery", "elbo_surgery")
