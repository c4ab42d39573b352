"""Is everything there that the notebooks need, and if not, what mends it?"""

import platform
import sys
from importlib import metadata

from packaging.requirements import Requirement

from dgm_helpers import data
from dgm_helpers.runtime import choose_device

PROJECT = "dgm-course"
OLDEST_PYTHON = (3, 11)


def check() -> bool:
    """Print one line for Python, each package, the device and each embedded data set; say how to mend what is missing.

    What is required stands in the project's own metadata, so this list cannot fall behind it.

    Returns:
        Whether everything is there.
    """
    problems = [*_python(), *_packages(), *_data()]
    device = choose_device()
    print(
        f"✓ device: {device.type}" + ("" if device.type == "cuda" else ", which every notebook is made for")
    )
    for problem in problems:
        print(f"✗ {problem}")
    print("Everything is there." if not problems else f"{len(problems)} to mend, see the lines with ✗ above.")
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
    """What is wrong with one installed package, with the command that mends it; ``None`` if nothing is."""
    mend = f'`pip install "{requirement.name}{requirement.specifier}"` mends that'
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return f"{requirement.name} is missing: {mend}"
    if not requirement.specifier.contains(version, prereleases=True):
        return f"{requirement.name} {version} does not satisfy {requirement.specifier}: {mend}"
    return None


def _data() -> list[str]:
    problems = []
    for name in data.EMBEDDED:
        try:
            print(f"✓ data {data.load(name)}")
        except OSError as error:
            mend = "reinstall with `pip install --force-reinstall -e .`"
            problems.append(f"data {name} cannot be read ({error}): {mend}")
    return problems
