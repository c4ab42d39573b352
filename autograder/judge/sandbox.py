"""The outer wall: bubblewrap, which shows only the interpreter and the libraries, read-only."""

from __future__ import annotations

import platform
import shutil
import site
import subprocess
import sys
from functools import cache
from pathlib import Path

from autograder.judge.executor import ExecutorError
from autograder.student.confinement import FOLDER, STAGING
from autograder.student.system_calls import ARCHITECTURES

COURSE = Path("/course")  # the folder of the packages inside the sandbox
FONTS = "/tmp/matplotlib"
WARM_FOLDER_BYTES = 16_000_000  # /tmp of the warm parent; a child has its own above it
USER = "65534"  # the user nobody
PACKAGE = Path(__file__).resolve().parents[1]
STUDENT_SIDE = ("__init__.py", "student", "wire")  # parts of this package without tests, answers and judge
ENVIRONMENT = {
    "HOME": "/tmp",
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "PYTHONPATH": str(COURSE),
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONNOUSERSITE": "1",
    "MPLCONFIGDIR": FONTS,
}
INSTALL = (
    "grading needs bubblewrap, which keeps submissions from your files: install it ('apt-get install bubblewrap' or "
    "'dnf install bubblewrap'; on macOS and Windows, grade in a Linux machine, container or WSL), "
    "or, if you trust every submission as much as your own code, add --trust-submissions"
)


@cache
def require_sandbox() -> None:
    """Check that a sandbox is available.

    Raises:
        ExecutorError: if not; the message says how to get one.
    """
    if sys.platform != "linux" or shutil.which("bwrap") is None:
        raise ExecutorError(INSTALL)
    if platform.machine() not in ARCHITECTURES:
        raise ExecutorError(
            f"the sandbox needs a machine of type {' or '.join(ARCHITECTURES)}, got {platform.machine()}: grade on "
            "such a machine, or, if you trust every submission as much as your own code, add --trust-submissions"
        )
    probe = "from autograder.student.confinement import enter_namespaces; enter_namespaces()"
    tried = subprocess.run([*sandboxed("-c", probe)], capture_output=True, text=True, check=False)
    if tried.returncode:
        lines = tried.stderr.strip().splitlines()
        raise ExecutorError(
            f"bubblewrap cannot create a sandbox on this machine ({lines[-1] if lines else 'no message'}): allow "
            "unprivileged user namespaces (in a container, nested ones too), grade on another machine, or, if you "
            "trust every submission as much as your own code, add --trust-submissions"
        )


def sandboxed(*arguments: str, environment: dict[str, str] | None = None) -> list[str]:
    """Return the command that runs Python with these arguments behind the wall.

    Inside there is no network and an empty environment. Of the host's files there are only the interpreter, system
    libraries, ``dgm_helpers`` and the student's side of this package, all read-only. Users, processes, IPC and host
    name are separate. The sandbox ends with its parent.
    """
    command = ["bwrap", "--unshare-all", "--uid", USER, "--gid", USER, "--hostname", "sandbox"]
    command += ["--die-with-parent", "--new-session", "--clearenv"]
    for name, value in {**ENVIRONMENT, **(environment or {})}.items():
        command += ["--setenv", name, value]
    for folder in _system_folders():
        command += (
            ["--symlink", str(folder.readlink()), str(folder)] if folder.is_symlink() else _bind(folder)
        )
    # Mounted first, because the libraries may lie below it.
    command += ["--size", str(WARM_FOLDER_BYTES), "--tmpfs", FOLDER]
    for folder in _library_folders():
        command += _bind(folder)
    for hidden in _hidden():
        command += ["--tmpfs", str(hidden), "--remount-ro", str(hidden)]
    for name in STUDENT_SIDE:
        command += _bind(PACKAGE / name, COURSE / "autograder" / name)
    command += _bind(_package("dgm_helpers"), COURSE / "dgm_helpers")
    command += ["--dir", STAGING, *_font_cache()]
    command += [
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--remount-ro",
        "/dev",
        "--remount-ro",
        "/",
        "--chdir",
        "/tmp",
    ]
    return [*command, "--", sys.executable, "-P", "-B", *arguments]


def _bind(source: Path, target: Path | None = None) -> list[str]:
    return ["--ro-bind", str(source), str(target or source)]


def _system_folders() -> list[Path]:
    return [
        path for path in map(Path, ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32")) if path.exists()
    ]


@cache
def _library_folders() -> tuple[Path, ...]:
    """Return the folders of the interpreter and its packages, without folders inside others."""
    wanted = [sys.prefix, sys.base_prefix, sys.exec_prefix, *site.getsitepackages()]
    wanted += [str(_package(name).parent) for name in ("torch", "numpy", "matplotlib", "IPython")]
    folders = sorted({Path(path).resolve() for path in wanted} | {Path(path) for path in wanted})
    kept: list[Path] = []
    for folder in folders:
        inside = any(folder.is_relative_to(other) for other in [*kept, Path("/usr")])
        if folder.is_dir() and not inside:
            kept.append(folder)
    return tuple(kept)


def _hidden() -> list[Path]:
    """Return the folders to hide: this package, if it lies among the libraries."""
    visible = [*_library_folders(), Path("/usr")]
    return [PACKAGE] if any(PACKAGE.is_relative_to(folder) for folder in visible) else []


@cache
def _package(name: str) -> Path:
    from importlib.util import find_spec

    found = find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise ExecutorError(f"the package {name} is not installed; 'make setup' installs it")
    return Path(found.submodule_search_locations[0]).resolve()


@cache
def _font_cache() -> tuple[str, ...]:
    """Return the options that bind matplotlib's list of fonts, which takes a second to create."""
    import matplotlib

    cached = sorted(Path(matplotlib.get_cachedir()).glob("fontlist*.json"))
    binds = [part for path in cached for part in _bind(path, Path(FONTS) / path.name)]
    return tuple(["--dir", FONTS, *binds])
