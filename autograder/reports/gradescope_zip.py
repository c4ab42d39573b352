"""The archive for Gradescope's autograder: this package, one lecture's source, and two scripts."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement

from autograder.gradebook.conversions import NbgraderCourse
from autograder.notebooks.course import CourseError, Lecture
from autograder.reports.gradescope import SETTINGS

DISTRIBUTION = "dgm-course"
PACKAGES = ("autograder", "dgm_helpers")
LEFT_OUT = ("__pycache__", "answers")
DATE = (1980, 1, 1, 0, 0, 0)  # a fixed date, so that the same content makes the same archive
SCRIPT, FILE = 0o755, 0o644

# Gradescope runs this once, as root, when it builds the image.
SETUP = """\
#!/usr/bin/env bash
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends bubblewrap python3 python3-venv
python=python3
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  apt-get install -y --no-install-recommends python3.11 python3.11-venv
  python=python3.11
fi
"$python" -m venv /autograder/venv
/autograder/venv/bin/pip install --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu \\
  -r /autograder/source/requirements.txt
"""
# Gradescope runs this for each submission.
RUN = """\
#!/usr/bin/env bash
set -eu
root="${AUTOGRADER_ROOT:-/autograder}"
python="$root/venv/bin/python"
[ -x "$python" ] || python=python3
cd "$root"
AUTOGRADER_ROOT="$root" PYTHONPATH="$root/source" OMP_NUM_THREADS=1 exec "$python" -P -m autograder.reports.gradescope
"""


def autograder_zip(lecture: Lecture, *, trust_submissions: bool) -> bytes:
    """Return the archive for a lecture.

    It contains the hidden tests, so it is only for Gradescope and the instructor.

    Args:
        lecture: the lecture that Gradescope will grade.
        trust_submissions: whether to grade without a sandbox if Gradescope's container does not allow one.

    Raises:
        CourseError: if the lecture has no source, or if this package is not installed.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:

        def add(name: str, data: bytes, mode: int = FILE) -> None:
            entry = zipfile.ZipInfo(name, DATE)
            entry.external_attr, entry.compress_type = mode << 16, zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)

        add("setup.sh", SETUP.encode(), SCRIPT)
        add("run_autograder", RUN.encode(), SCRIPT)
        add("requirements.txt", requirements().encode())
        settings = {
            "lecture": lecture.folder,
            "trust_submissions": trust_submissions,
            "library_answers": NbgraderCourse(lecture.course).library_answers(),
        }
        add(SETTINGS, json.dumps(settings).encode())
        for path in (lecture.source, lecture.hidden_checks):
            if path == lecture.source or path.is_file():
                add(f"solutions/{lecture.folder}/{path.name}", _content(path))
        for name, path in _package_files():
            add(name, path.read_bytes())
    return content.getvalue()


def requirements() -> str:
    """Return the packages that grading needs, each pinned to the version installed here.

    Raises:
        CourseError: if this package is not installed.
    """
    try:
        needed = [Requirement(text) for text in requires(DISTRIBUTION) or []]
        needed = [one for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]
        pinned = [f"{one.name}=={version(one.name).partition('+')[0]}\n" for one in needed]
    except PackageNotFoundError as error:
        raise CourseError(
            f"the package {error.name} must be installed: run 'pip install .' in the course's folder"
        ) from None
    return "".join(pinned)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}") from None


def _package_files() -> Iterator[tuple[str, Path]]:
    root = Path(__file__).resolve().parents[2]
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*")):
            name = path.relative_to(root)
            if path.is_file() and not set(LEFT_OUT) & set(name.parts):
                yield name.as_posix(), path
