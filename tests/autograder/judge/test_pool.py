"""Judges as processes: how they start, end, and are replaced."""

import os
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

import psutil
import pytest
from judging import GOOD, QUICK, SETUP, TRUSTED, exercise, judged, needs_sandbox, pool
from waiting import ENDLESS_SECONDS, HANG_SECONDS, have_ended, wait_for

from autograder.judge.executor import Cell, ExecutorError, Limits
from autograder.judge.pool import JudgePool

pytestmark = pytest.mark.notebook
processes_end = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux ends a process with its parent"
)

PATIENT = Limits(cell_seconds=2400.0, exercise_seconds=2400.0, notebook_seconds=2400.0)
SCRIPT = """
from autograder.judge.executor import Cell, Limits
from autograder.judge.pool import JudgePool
JudgePool(1, trust_submissions={trusted}).run({cells}, {limits})
"""


def judges() -> list[psutil.Process]:
    """The judges of the shared pool."""
    return [psutil.Process(judge.process.pid) for judge in pool()._all if judge.alive()]


def started_by(*processes: psutil.Process) -> list[psutil.Process]:
    """Return all processes that these have started, by way of others too."""
    return [child for process in processes for child in process.children(recursive=True)]


def endless(marker: Path, where: str) -> list[Cell]:
    """An exercise whose test writes down which judge runs it, and does not end: ``here`` or over ``there``."""
    test = f"""
    with open({str(marker)!r}, "w") as marker:
        print(os.getppid(), file=marker)
    time.sleep({ENDLESS_SECONDS if where == "here" else 0})
    endless()
    """
    return exercise("endless", f"def endless():\n    time.sleep({ENDLESS_SECONDS})", test)


def judge_of(marker: Path) -> psutil.Process:
    """Wait until such a test runs, and return its judge."""
    wait_for(lambda: marker.exists() and marker.read_text().endswith("\n"))
    return psutil.Process(int(marker.read_text()))


def pending(marker: Path, where: str) -> tuple[Future, psutil.Process]:
    """Run such a test in a thread; return when it runs."""
    run = ThreadPoolExecutor(1).submit(judged, endless(marker, where), PATIENT, by=pool())
    return run, judge_of(marker)


def test_a_judge_outlives_the_thread_that_wanted_it():
    before = judges()  # such a thread has ended
    assert judged(GOOD)["good_0"].error is None
    assert judges() == before


def test_several_threads_share_the_judges_and_each_gets_its_own_results():
    def number(n: int) -> str:
        return judged(exercise("f", f"def f():\n    return {n}", "print(f())"))["f_0"].outputs[0]["text"]

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(number, range(8))) == [f"{n}\n" for n in range(8)]
    assert len(judges()) == 2


@processes_end
def test_run_after_run_leaves_no_process_and_no_descriptor_behind():
    def usage() -> list[list[int]]:
        return [[process.num_fds() for process in (judge, *started_by(judge))] for judge in judges()]

    dying = exercise("dying", "def dying():\n    os._exit(1)", "dying()")
    judged([*GOOD, *dying])
    before = usage()
    for _ in range(5):
        judged([*GOOD, *dying])
    assert usage() == before


def test_a_judge_that_is_killed_ends_its_run_with_a_reason_and_the_next_run_works(tmp_path):
    run, judge = pending(tmp_path / "marker", "there")
    others = started_by(judge)
    judge.kill()
    with pytest.raises(ExecutorError, match="the judge's process ended: exit status -9"):
        run.result(timeout=HANG_SECONDS)
    wait_for(lambda: have_ended(others))
    assert judged(GOOD)["good_0"].error is None


@needs_sandbox
def test_a_warm_parent_that_is_killed_is_replaced_and_leaves_nothing_behind():
    before = started_by(*judges())
    for process in before:
        process.kill()
    assert judged(GOOD)["good_0"].error is None
    wait_for(lambda: have_ended(before))


def test_a_set_up_cell_of_the_course_that_fails_is_said():
    cells = [Cell("set-up", "import no_such_module", "setup"), *GOOD]
    with pytest.raises(ExecutorError, match=r"setup cell fails: ModuleNotFoundError: .*no_such_module"):
        pool().run(cells, QUICK)


@processes_end
def test_closing_ends_a_pending_run_at_once_and_every_process(tmp_path):
    run, _ = pending(tmp_path / "marker", "here")
    everybody = [*judges(), *started_by(*judges())]
    shared = pool()
    pool.cache_clear()
    shared.close()
    with pytest.raises(ExecutorError, match="the judge's process ended"):
        run.result(timeout=HANG_SECONDS)
    wait_for(lambda: have_ended(everybody))
    with pytest.raises(ExecutorError, match="the judge pool has been closed"):
        shared.run([SETUP], QUICK)


@pytest.mark.slow  # it starts a judge more
@processes_end
def test_a_pool_whose_process_is_killed_leaves_no_process_behind(tmp_path):
    script = SCRIPT.format(
        trusted=TRUSTED, cells=[SETUP, *endless(tmp_path / "marker", "there")], limits=PATIENT
    )
    root = Path(__file__).resolve().parents[3]
    with subprocess.Popen([sys.executable, "-c", script], cwd=root) as started:
        judge = judge_of(tmp_path / "marker")
        everybody = [judge, *started_by(judge)]
        started.kill()
    wait_for(lambda: have_ended(everybody))


@pytest.fixture
def with_torch(monkeypatch, tmp_path):
    """A pool whose judges import this in place of torch."""

    def make(source: str) -> JudgePool:
        (tmp_path / "torch.py").write_text(source)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        return JudgePool(1, trust_submissions=True)

    return make


def test_a_judge_that_cannot_start_says_why(with_torch):
    broken = with_torch("raise ImportError('torch is broken here')")
    with broken, pytest.raises(ExecutorError, match="torch is broken here"):
        broken.run([SETUP], QUICK)


def test_a_run_that_is_interrupted_leaves_no_answer_for_the_next(with_torch, monkeypatch):
    def interrupted(self, seconds):
        raise KeyboardInterrupt

    with with_torch(f"import time; time.sleep({ENDLESS_SECONDS})") as stuck:
        monkeypatch.setattr(Connection, "poll", interrupted)
        with pytest.raises(KeyboardInterrupt):
            stuck.run([SETUP], QUICK)
        assert [judge.alive() for judge in stuck._all] == [False]


def test_a_system_without_fork_is_told_so(monkeypatch):
    monkeypatch.delattr(os, "fork")
    with pytest.raises(ExecutorError, match="fork processes"):
        JudgePool()
