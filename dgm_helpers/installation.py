"""A check of the installation: everything that the notebooks need, and how to fix what is missing."""

import platform
import sys
from importlib import metadata

from packaging.requirements import Requirement

from dgm_helpers import data
from dgm_helpers.runtime import choose_device

PROJECT = "dgm-course"
OLDEST_PYTHON = (3, 11)


def check() -> bool:
    """Print one line for Python, each package, the device and each embedded data set, with a fix for each problem.

    The required packages are read from the project's metadata, so this list cannot become outdated.

    Returns:
        Whether nothing is missing.
    """
    problems = [*_python(), *_packages(), *_data()]
    device = choose_device()
    print(
        f"✓ device: {device.type}" + ("" if device.type == "cuda" else ", which every notebook is made for")
    )
    for problem in problems:
        print(f"✗ {problem}")
    print("Nothing is missing." if not problems else f"{len(problems)} to fix, see the lines with ✗ above.")
    return not problems


def _python() -> list[str]:
    if sys.version_info < OLDEST_PYTHON:
        return [
            f"Python {platform.python_version()} is too old: install 3.11 or newer, delete .venv, run `make lab`"
        ]
    print(f"✓ Python {platform.python_version()}")
    return []


def _packages() -> list[str]:
    try:
        requirements = metadata.requires(PROJECT) or []
    except metadata.PackageNotFoundError:
        return [f"the package {PROJECT} is not installed in this kernel: start JupyterLab with `make lab`"]
    problems = []
    for text in requirements:
        requirement = Requirement(text)
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue  # an extra, for contributors
        problem = package_problem(requirement)
        if problem:
            problems.append(problem)
        else:
            print(f"✓ {requirement.name} {metadata.version(requirement.name)}")
    return problems


def package_problem(requirement: Requirement) -> str | None:
    """Return the problem with one package and the command that fixes it, or ``None`` if its version is right."""
    remedy = f'`pip install "{requirement.name}{requirement.specifier}"` fixes that'
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return f"{requirement.name} is missing: {remedy}"
    if not requirement.specifier.contains(version, prereleases=True):
        return f"{requirement.name} {version} does not satisfy {requirement.specifier}: {remedy}"
    return None


def _data() -> list[str]:
    problems = []
    for name in data.EMBEDDED:
        try:
            print(f"✓ data {data.load(name)}")
        except OSError as error:
            remedy = "reinstall with `pip install --force-reinstall -e .`"
            problems.append(f"data {name} cannot be read ({error}): {remedy}")
    return problems
