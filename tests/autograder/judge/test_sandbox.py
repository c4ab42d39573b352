"""The outer wall: what is visible behind it, and what is said where none can be built."""

import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import textwrap
from functools import partial
from pathlib import Path

import psutil
import pytest
from judging import QUICK, needs_sandbox, run_there
from waiting import ENDLESS_SECONDS, HANG_SECONDS, have_ended, wait_for

from autograder.judge import sandbox
from autograder.judge.executor import ExecutorError
from autograder.judge.pool import JudgePool
from autograder.judge.sandbox import require_sandbox, sandboxed
from autograder.judge.student_process import Student, WarmParent

pytestmark = pytest.mark.security

REPOSITORY = Path(__file__).resolve().parents[3]


def behind(source: str) -> object:
    """Run a program behind the wall; it prints JSON."""
    program = f"import json, os, socket, sys\n{textwrap.dedent(source)}"
    done = subprocess.run(
        sandboxed("-c", program), capture_output=True, text=True, timeout=HANG_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def behind_the_wall(test):
    """Mark a test that builds the wall."""
    return needs_sandbox(pytest.mark.notebook(test))


@behind_the_wall
def test_no_file_of_the_course_its_people_or_this_machine_is_visible(tmp_path):
    canary = tmp_path / "canary"
    canary.write_text("secret")
    visible = behind(
        """
        found = []
        for folder, folders, files in os.walk("/"):
            folders[:] = [f for f in folders if os.path.join(folder, f) not in ("/proc", "/usr")]
            found += [os.path.join(folder, name) for name in files]
        print(json.dumps(found))
        """
    )
    libraries = [str(folder) for folder in sandbox._library_folders()]
    ours = [path for path in visible if not path.startswith(tuple(libraries))]
    parts = ("dgm_helpers/", "autograder/student/", "autograder/wire/", "autograder/__init__.py")
    allowed = [f"/course/{part}" for part in parts] + [
        "/lib",
        "/bin",
        "/sbin",
        "/dev/",
        "/tmp/matplotlib/fontlist",
    ]
    assert len(ours) > 20
    assert [path for path in ours if not path.startswith(tuple(allowed))] == []
    assert str(canary) not in visible
    assert not any(
        path.startswith((f"{REPOSITORY}/a", f"{REPOSITORY}/t", f"{REPOSITORY}/s")) for path in visible
    )


@behind_the_wall
def test_the_package_is_hidden_where_it_lies_among_the_libraries(monkeypatch):
    folders = (*sandbox._library_folders(), REPOSITORY / "autograder")
    monkeypatch.setattr(sandbox, "_library_folders", lambda: folders)
    inside = behind(
        f"print(json.dumps([os.listdir({str(folders[-1])!r}), sorted(os.listdir('/course/autograder'))]))"
    )
    assert inside == [[], ["__init__.py", "student", "wire"]]


@behind_the_wall
def test_nothing_can_be_written_but_a_bounded_temporary_folder():
    places = [
        "/",
        "/course",
        "/course/dgm_helpers",
        "/dev",
        "/usr",
        "/usr/lib",
        "/proc",
        sys.prefix,
        "/tmp",
        "/dev/shm",
    ]
    done = behind(
        f"""
        done = {{}}
        for place in {places}:
            try:
                open(place + "/written", "w").close()
                done[place] = True
            except OSError:
                done[place] = False
        try:
            for i in range(100):
                with open(f"/tmp/{{i}}", "wb") as file:
                    file.write(bytes(1 << 20))
        except OSError:
            done["MB"] = i
        print(json.dumps(done))
        """
    )
    assert done.pop("MB") < 17
    assert {place for place, written in done.items() if written} <= {"/tmp", "/dev/shm"}


@behind_the_wall
def test_no_variable_of_the_environment_comes_along(monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "secret")
    monkeypatch.setenv("DGM_CHECK_SEED", "7")
    seen = behind("print(json.dumps(dict(os.environ)))")
    assert set(seen) == {*sandbox.ENVIRONMENT, "PWD"}
    assert seen["HOME"] == "/tmp"


@behind_the_wall
def test_nobody_can_be_reached():
    name = f"\0autograder-test-{os.getpid()}"
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind(name)
        abstract.listen()
        reached = behind(
            f"""
            reached = []
            for family, address in (
                (socket.AF_INET, ("127.0.0.1", {server.getsockname()[1]})),
                (socket.AF_INET, ("8.8.8.8", 53)),
                (socket.AF_UNIX, {name!r}),
            ):
                with socket.socket(family) as one:
                    one.settimeout(2)
                    reached.append(one.connect_ex(address) == 0)
            print(json.dumps([reached, socket.gethostname(), [n for _, n in socket.if_nameindex()]]))
            """
        )
    assert reached == [[False] * 3, "sandbox", ["lo"]]


@behind_the_wall
def test_no_process_of_the_host_is_visible_and_nobody_is_root():
    pids, user, group = behind(
        "print(json.dumps([[int(p) for p in os.listdir('/proc') if p.isdigit()], os.getuid(), os.getgid()]))"
    )
    assert max(pids) < 10
    assert (user, group) == (65534, 65534)


@behind_the_wall
def test_it_ends_with_its_parent():
    command = sandboxed("-c", f"import time; time.sleep({ENDLESS_SECONDS})")
    script = f"import subprocess, time; subprocess.Popen({command}); time.sleep({ENDLESS_SECONDS})"
    with subprocess.Popen([sys.executable, "-c", script]) as parent:
        children = partial(psutil.Process(parent.pid).children, recursive=True)
        wait_for(lambda: len(children()) >= 3)
        started = children()
        parent.kill()
    wait_for(lambda: have_ended(started))


@pytest.fixture
def unprobed():
    """The sandbox as if nobody had asked for it yet."""
    require_sandbox.cache_clear()
    yield
    require_sandbox.cache_clear()


def test_a_machine_without_bubblewrap_is_told_how_to_get_it(unprobed, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    for start in (JudgePool, WarmParent):
        with pytest.raises(
            ExecutorError, match=r"apt-get install bubblewrap.*--trust-submissions"
        ) as refused:
            start()
        assert "\n" not in str(refused.value)


def test_another_system_is_told_so_too(unprobed, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(ExecutorError, match="on macOS and Windows, grade in a Linux machine"):
        JudgePool()


@pytest.mark.skipif(sys.platform != "linux", reason="another system is refused before")
def test_a_machine_whose_system_calls_are_not_known_is_told_so(unprobed, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/bwrap")
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(
        ExecutorError, match="of type x86_64 or aarch64, got riscv64: grade on such a machine"
    ):
        JudgePool()


@pytest.mark.skipif(sys.platform != "linux", reason="a shell script stands in for bubblewrap")
def test_a_machine_that_forbids_namespaces_is_told_what_bubblewrap_says(unprobed, monkeypatch, tmp_path):
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(
        ExecutorError, match=r"\(bwrap: No permissions .*\): allow unprivileged user namespaces"
    ):
        JudgePool()


@pytest.mark.notebook
def test_who_trusts_submissions_needs_none(unprobed, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setenv("DGM_CHECK_SEED", "7")
    parent = WarmParent(trust_submissions=True)
    try:
        process = Student(parent, QUICK)
        process.allow(HANG_SECONDS)
        source = """
        import os, subprocess
        open("file", "w").close()
        print(os.getcwd(), os.environ.get("DGM_CHECK_SEED"), subprocess.Popen(["sleep", "1200"]).pid)
        """
        answer = run_there(process, source)
        folder, seed, pid = answer["outputs"][0]["text"].split()
        assert Path(folder, "file").exists()
        assert seed == "None"
        sleeper = psutil.Process(int(pid))
        process.end()
        assert not Path(folder).exists()
        wait_for(lambda: have_ended([sleeper]))
    finally:
        parent.close()
    assert not parent.alive()


def test_a_package_that_is_missing_is_named():
    with pytest.raises(ExecutorError, match="the package no_such_package is not installed"):
        sandbox._package("no_such_package")


def test_whether_a_sandbox_can_be_had_is_tried_once(unprobed, monkeypatch):
    asked = []
    monkeypatch.setattr(
        subprocess,
        "run",
        lambda command, **_: asked.append(command) or subprocess.CompletedProcess(command, 0),
    )
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/bwrap")
    monkeypatch.setattr(sys, "platform", "linux")
    require_sandbox()
    require_sandbox()
    assert len(asked) == 1
    assert asked[0][0] == "bwrap"
