"""Grading on a cluster: the same grades as here, whatever dies, and a sentence for each that is not there."""

import http.server
import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress

import pytest
from class_runs import (
    HANGS,
    PATIENT,
    RIGHT,
    SLOW,
    WRONG,
    Kept,
    StubExecutor,
    StubFiler,
    grade_class,
    grading,
    hand_in,
    points,
    sandbox_options,
)
from toy_course import REPOSITORY
from waiting import HANG_SECONDS, wait_for

from autograder.judge.executor import Limits
from autograder.notebooks.course import CourseError
from autograder.runs import dask_worker, on_dask
from autograder.runs.interrupt import Interrupt
from autograder.runs.journal import Journal
from autograder.runs.on_dask import DaskWorkers
from autograder.runs.progress import Progress
from autograder.runs.run import ClassRun, Settings, handed_in

pytest.importorskip("distributed", reason="Dask is an extra that is not installed")


class Cluster:
    """A scheduler, and workers with a nanny each, in processes of their own on this machine."""

    def __init__(self, folder, **environment):
        self.folder, self.processes = folder, []
        self.environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(REPOSITORY)} | environment
        where = folder / "scheduler.json"
        self.scheduler = self._start("scheduler", "--port", "0", "--scheduler-file", str(where))
        wait_for(lambda: where.exists() and where.read_text().rstrip().endswith("}"))
        self.url = json.loads(where.read_text())["address"]

    def add_worker(self, *options, **environment):
        """Start a worker of one thread and wait until the scheduler knows it; return its process's number."""
        before = set(self.pids())
        self._start(
            "worker", self.url, "--nthreads", "1", "--local-directory", self.folder, *options, **environment
        )
        return wait_for(lambda: set(self.pids()) - before).pop()

    def pids(self):
        """Return the numbers of the workers' processes; their nannies start new ones for those that end."""
        from distributed import Client

        with Client(self.url, set_as_default=False) as client:
            pids = client.run(os.getpid, on_error="ignore")  # one may be ending
        return list(pids.values())

    def _start(self, what, *options, **environment):
        command = [sys.executable, "-m", "dask", what, *map(str, options)]
        command += ["--host", "127.0.0.1", "--no-dashboard"]
        with (self.folder / f"log{len(self.processes)}").open("w") as log:
            process = subprocess.Popen(
                command,
                env=self.environment | environment,
                cwd=self.folder,  # which is where Python looks for packages first
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def close(self):
        for process in reversed(self.processes):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A scheduler with two workers, for all tests that leave them as they are."""
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        cluster.add_worker()
        cluster.add_worker()
        yield cluster
    finally:
        cluster.close()


@pytest.fixture
def fragile(tmp_path):
    """A scheduler that gives a task up when its worker dies once, with one worker."""
    (tmp_path / "cluster").mkdir()
    cluster = Cluster(tmp_path / "cluster", DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0")
    try:
        cluster.add_worker()
        yield cluster
    finally:
        cluster.close()


@pytest.fixture
def empty(tmp_path):
    """A scheduler without workers."""
    (tmp_path / "cluster").mkdir()
    cluster = Cluster(tmp_path / "cluster")
    yield cluster
    cluster.close()


def connect(url, **options):
    """Connect as the command does."""
    return DaskWorkers(url, trust_submissions=bool(sandbox_options()), limits=Limits(), **options)


def grade_on(url, lecture, filer, limits=PATIENT):
    """Grade everybody on a cluster; return the outcomes by student."""
    with connect(url) as workers, Journal.of(lecture) as journal:
        run = ClassRun(lecture, workers, journal, filer, Settings(limits), Interrupt())
        students = handed_in(lecture)
        run.run(students, Progress(lecture.folder, len(students), quiet=True))
    return {outcome.student: outcome for outcome in run.outcomes}


def kill_tree(pid):
    """Kill a worker's process; what it started ends with it."""
    os.kill(pid, signal.SIGKILL)


@pytest.mark.notebook
def test_a_worker_that_is_killed_costs_nobody_a_grade_and_they_are_those_given_here(
    course, lecture, cluster, executor
):
    for index in range(12):
        hand_in(course, f"student{index:02}", f"# number {index}\n{WRONG if index % 3 else SLOW}")
    hand_in(course, "torn").write_text("{")
    doomed = cluster.pids()[0]
    filer = StubFiler(Journal.of(lecture), after=lambda count: count == 2 and kill_tree(doomed))
    outcomes = grade_on(cluster.url, lecture, filer)
    assert doomed not in cluster.pids()
    remote = points(lecture)
    assert filer.threads == {threading.get_ident()}
    assert filer.journalled == [True] * 13
    assert [name for name, outcome in outcomes.items() if outcome.failed] == ["torn"]
    grade_class(lecture, Kept(executor), regrade=True)
    assert points(lecture) == remote
    wait_for(lambda: len(cluster.pids()) == 2)


@pytest.mark.notebook
def test_the_command_on_a_cluster_is_interrupted_without_waiting_and_goes_on_where_it_stopped(
    course, lecture, cluster
):
    for index in range(10):
        hand_in(course, f"student{index}", f"# number {index}\n{RIGHT}")
    hand_in(course, "student3", HANGS)
    journal = Journal.of(lecture).path
    options = ["--dask", cluster.url, "--cell-seconds", "2400"]
    with grading(course, *options) as process:
        wait_for(lambda: journal.exists() and journal.read_bytes().count(b"\n") >= 4)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=HANG_SECONDS)  # the one that hangs does so for longer
    assert process.returncode == 130, err
    assert "Traceback" not in err
    done = points(lecture)
    assert 4 <= len(done) < 10 and "student3" not in done
    assert f"{len(done)} of 10 submissions of 03_toy are done" in err
    hung = set(cluster.pids())
    for pid in hung:  # what runs there would end within its limits, which are long
        kill_tree(pid)
    wait_for(lambda: len(set(cluster.pids()) - hung) == 2)
    hand_in(course, "student3", f"# number 3\n{RIGHT}")
    with grading(course, *options, "--json", "--quiet") as process:
        out, err = process.communicate(timeout=2 * HANG_SECONDS)
    assert (process.returncode, err) == (0, "")
    students = json.loads(out)["lectures"][0]["students"]
    assert [student["earned"] for student in students] == [7.0] * 10
    assert sum(student["unchanged"] for student in students) == len(done)


@pytest.mark.notebook
def test_a_submission_whose_workers_die_is_said_so_and_stops_nothing(course, lecture, fragile):
    hand_in(course, "ann", HANGS)
    hand_in(course, "bob")
    filer = StubFiler()
    (pid,) = fragile.pids()
    from distributed import Client

    def kill_when_it_hangs():
        with Client(fragile.url, set_as_default=False) as client:
            wait_for(lambda: any("grade_remotely" in str(keys) for keys in client.processing().values()))
        kill_tree(pid)

    killer = threading.Thread(target=kill_when_it_hangs)
    killer.start()
    outcomes = grade_on(fragile.url, lecture, filer)
    killer.join()
    assert outcomes["ann"].failure == "could not be graded: its worker died"
    assert set(filer.filed) == {"ann", "bob"}


@pytest.mark.notebook
def test_a_scheduler_that_is_lost_is_one_sentence_and_the_journal_keeps_what_is_done(
    course, lecture, fragile
):
    for index in range(6):
        hand_in(course, f"student{index}", f"# number {index}\n{RIGHT}" if index < 3 else HANGS)
    filer = StubFiler(after=lambda count: count == 2 and fragile.scheduler.kill())
    with pytest.raises(CourseError, match=f"the connection to the Dask scheduler at {fragile.url} was lost"):
        grade_on(fragile.url, lecture, filer)
    assert 2 <= len(points(lecture)) <= 3


@pytest.mark.notebook
def test_a_cluster_without_workers_is_one_sentence(empty):
    said = []
    with pytest.raises(CourseError, match=r"has no worker; start some with `dask worker tcp://127"):
        connect(empty.url, check_seconds=1.0, say=said.append)
    assert said == [f"the Dask cluster at {empty.url} has no worker yet; waiting 1 s for one"]


@pytest.mark.notebook
def test_a_worker_with_another_version_of_the_grader_is_one_sentence(empty, tmp_path):
    for package in ("autograder", "dgm_helpers"):
        (tmp_path / "other" / package).parent.mkdir(exist_ok=True)
        subprocess.run(["cp", "-r", REPOSITORY / package, tmp_path / "other"], check=True)
    grading = tmp_path / "other" / "autograder" / "submission" / "grading.py"
    grading.write_text(grading.read_text() + "\n# another version\n")
    empty.add_worker(PYTHONPATH=str(tmp_path / "other"))
    with pytest.raises(
        CourseError, match=r"worker tcp://\S+ cannot grade: its version of the grader differs"
    ):
        connect(empty.url)


@pytest.mark.notebook
def test_a_worker_without_the_grader_is_one_sentence(empty, tmp_path):
    (tmp_path / "autograder.py").write_text("raise ModuleNotFoundError('No module of that name')")
    empty.add_worker(PYTHONPATH=str(tmp_path))
    with pytest.raises(CourseError, match=r"cannot grade: the course's package is not installed there \(No"):
        connect(empty.url)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("tcp://127.0.0.1:9", "there is no answer"),
        ("http://127.0.0.1:9", "unknown address scheme 'http'"),
        ("somewhere", "missing port number"),
    ],
)
def test_a_scheduler_that_is_not_there_is_one_sentence(url, reason, monkeypatch):
    if reason == "there is no answer":  # the only one that waits
        monkeypatch.setattr(on_dask, "CONNECT_SECONDS", 1.0)
    with pytest.raises(CourseError, match=f"^no Dask scheduler answers at {url}: {reason}"):
        connect(url)


def test_another_program_at_the_schedulers_address_is_one_sentence(monkeypatch):
    monkeypatch.setattr(on_dask, "CONNECT_SECONDS", 1.0)
    with (
        serving() as port,
        pytest.raises(CourseError, match=f"^no Dask scheduler answers at tcp://127.0.0.1:{port}: "),
    ):
        connect(f"tcp://127.0.0.1:{port}")


class Silent(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        """Nobody reads it."""


@contextmanager
def serving():
    """Serve web pages; yield the port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()


def test_where_dask_is_not_installed_the_sentence_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(CourseError, match="pip install distributed"):
        connect("tcp://127.0.0.1:9")


class Clock:
    """Timers that go off when the test says so, in place of those of threading."""

    def __init__(self):
        self.running = []

    def timer(self, seconds, function):
        """What threading.Timer is called for."""
        return Timer(self, function)

    def go_off(self):
        """Let the time of every timer come."""
        for timer in list(self.running):
            timer.cancel()
            timer.function()


class Timer:
    def __init__(self, clock, function):
        self.clock, self.function = clock, function

    def start(self):
        self.clock.running.append(self)

    def cancel(self):
        if self in self.clock.running:
            self.clock.running.remove(self)


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(dask_worker.threading, "Timer", clock.timer)
    return clock


def test_a_workers_executor_is_shared_and_closed_once_it_has_been_idle(clock):
    shared, made = dask_worker._Shared(), []

    def make():
        made.append(StubExecutor())
        return made[-1]

    first, second = shared.acquire(make), shared.acquire(make)
    assert first is second
    shared.release()
    assert clock.running == []  # it is in use
    shared.close()
    assert not first.closed.is_set()
    shared.release()
    clock.go_off()
    assert first.closed.is_set()
    assert shared.acquire(make) is not first
    shared.release()
    assert shared.acquire(make) is made[1]
    clock.go_off()
    assert not made[1].closed.is_set()  # taken again before it had been idle for long enough
    assert len(made) == 2


def test_a_worker_has_one_clock_however_many_it_has_graded(clock):
    shared = dask_worker._Shared()
    for _ in range(20):
        shared.acquire(StubExecutor)
        shared.release()
    assert len(clock.running) == 1
    shared.acquire(StubExecutor)
    assert clock.running == []
