"""A class is graded whatever becomes of one submission; nothing is graded twice; memory does not grow."""

import gc
import io
import os
import signal
import threading

import pytest
from class_runs import (
    HANGS,
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
)
from toy_course import cell_of, toy_notebook, write_source
from waiting import HANG_SECONDS, wait_for

from autograder.judge.executor import ExecutorError, Limits
from autograder.judge.pool import JudgePool
from autograder.notebooks.course import CourseError
from autograder.runs.interrupt import Interrupt, Interrupted
from autograder.runs.journal import Journal
from autograder.runs.progress import Progress
from autograder.runs.run import handed_in
from autograder.submission.record import Record
from autograder.submission.submission import Submission


@pytest.fixture
def class_of_five(course):
    """Four who handed in a right or a wrong answer, and one whose file is no notebook."""
    for student, answer in {"ann": RIGHT, "bob": WRONG, "carl": RIGHT, "dora": WRONG}.items():
        hand_in(course, student, f"# by {student}\n{answer}")
    hand_in(course, "eve").write_text('{"cells": [')
    return course


def test_who_handed_in_has_an_entry_for_the_lecture_whatever_it_is(course):
    hand_in(course, "zoe")
    hand_in(course, "Ann Lee")
    submitted = course.root / "submitted"
    (submitted / "archive.zip").write_text("no folder")
    (submitted / "nobody" / "08_other").mkdir(parents=True)
    (submitted / ".ipynb_checkpoints" / "03_toy").mkdir(parents=True)
    (submitted / "file").mkdir()
    (submitted / "file" / "03_toy").write_text("a file in place of a folder")
    (submitted / "link").mkdir()
    (submitted / "link" / "03_toy").symlink_to("nowhere")
    assert handed_in(course.lecture("03")) == ["Ann Lee", "file", "link", "zoe"]


def test_nobody_has_handed_in_where_there_is_no_folder(lecture):
    assert handed_in(lecture) == []


def test_everybody_is_graded_journalled_and_then_filed_by_one_thread(class_of_five, lecture):
    outcomes, filer = grade_class(lecture, StubExecutor())
    assert {name: outcome.earned for name, outcome in outcomes.items()} == {
        "ann": 7, "bob": 4, "carl": 7, "dora": 4, "eve": 0
    }  # fmt: skip
    assert {name: earned for name, (_, earned) in filer.filed.items()} == {
        name: earned for name, (earned, _) in points(lecture).items()
    }
    assert filer.journalled == [True] * 5
    assert filer.threads == {threading.get_ident()}
    assert "is not a notebook" in outcomes["eve"].failure


def test_what_has_not_changed_is_neither_run_nor_filed_again(class_of_five, lecture):
    first, filer = grade_class(lecture, StubExecutor())
    journal, again = points(lecture), StubExecutor()
    del filer.journalled[:]
    second, _ = grade_class(lecture, again, filer)
    assert not again.runs
    assert filer.journalled == []
    assert points(lecture) == journal
    assert all(outcome.unchanged for outcome in second.values())
    assert {n: (o.earned, o.failure) for n, o in second.items()} == {
        n: (o.earned, o.failure) for n, o in first.items()
    }


def test_only_who_hands_in_anew_is_graded_again(class_of_five, lecture):
    grade_class(lecture, StubExecutor())
    hand_in(class_of_five, "bob", "# corrected\n" + RIGHT)
    hand_in(class_of_five, "fred")
    executor = StubExecutor()
    outcomes, _ = grade_class(lecture, executor)
    assert set(executor.runs) == {"# corrected\n" + RIGHT, RIGHT}
    assert sorted(name for name, outcome in outcomes.items() if not outcome.unchanged) == ["bob", "fred"]
    assert outcomes["bob"].earned == 7


@pytest.mark.parametrize("change", ["source", "limits", "regrade"])
def test_all_are_graded_again_if_the_tests_or_the_limits_change_or_it_is_asked_for(
    class_of_five, lecture, change
):
    grade_class(lecture, StubExecutor())
    settings = {"limits": {"limits": Limits(cell_seconds=1)}, "regrade": {"regrade": True}}
    if change == "source":
        notebook = toy_notebook()
        cell_of(notebook, "mean_visible").source += "\n"
        write_source(lecture, notebook)
    executor = StubExecutor()
    outcomes, _ = grade_class(lecture, executor, **settings.get(change, {}))
    assert executor.runs.total() == 4
    assert not any(outcome.unchanged for outcome in outcomes.values())


def test_each_submission_has_a_seed_of_its_own_that_cannot_be_foreseen(class_of_five, lecture):
    seeds = []
    for _ in range(2):
        grade_class(lecture, StubExecutor(), regrade=True)
        seeds += [record.seed for record in Journal.of(lecture).latest().values()]
    assert len(set(seeds)) == 10
    assert min(seeds) >= 0


def test_a_given_seed_is_every_submissions_and_one_graded_with_it_counts_as_done(class_of_five, lecture):
    grade_class(lecture, StubExecutor())
    for graded in (4, 0):
        executor = StubExecutor()
        grade_class(lecture, executor, seed=5)
        assert executor.runs.total() == graded
    assert {record.seed for record in Journal.of(lecture).latest().values()} == {5}


def test_a_submission_whose_worker_dies_is_tried_once_more(class_of_five, lecture):
    hand_in(class_of_five, "sam", "# stumbles\n" + RIGHT)
    outcomes, _ = grade_class(lecture, executor := StubExecutor())
    assert executor.runs["# stumbles\n" + RIGHT] == 2
    assert (outcomes["sam"].earned, outcomes["sam"].failure) == (7, "")


def test_one_whose_worker_dies_twice_stops_nothing_and_is_tried_again_by_the_next_run(class_of_five, lecture):
    hand_in(class_of_five, "sam", "# dies\n" + RIGHT)
    for _ in range(2):
        executor = StubExecutor()
        outcomes, _ = grade_class(lecture, executor)
        assert executor.runs["# dies\n" + RIGHT] == 2
        assert outcomes["sam"].failure == (
            "could not be graded: the judge's process ended: exit status 9 (tried 2 times)"
        )
        assert [name for name, outcome in outcomes.items() if outcome.failed] == [*sorted({"eve", "sam"})]
    assert outcomes["ann"].unchanged


def test_a_defect_of_the_grader_costs_one_submission_and_is_named(class_of_five, lecture):
    hand_in(class_of_five, "sam", "# defect\n" + RIGHT)
    outcomes, _ = grade_class(lecture, executor := StubExecutor())
    assert executor.runs["# defect\n" + RIGHT] == 1
    assert outcomes["sam"].failure.startswith(
        "could not be graded: the grader failed with KeyError: 'a key' (_run"
    )
    assert outcomes["dora"].earned == 4


def test_an_executor_that_runs_nothing_at_all_is_one_sentence_and_no_record(class_of_five, lecture):
    class Broken(StubExecutor):
        def run(self, cells, limits, seed=None):
            raise ExecutorError("no sandbox can be had here")

    with pytest.raises(ExecutorError, match="no sandbox can be had here"):
        grade_class(lecture, Broken())
    assert points(lecture) == {}


def test_what_cannot_be_filed_is_told_stops_nothing_and_is_filed_by_the_next_run(class_of_five, lecture):
    filer = StubFiler(refused=["bob"])
    outcomes, _ = grade_class(lecture, StubExecutor(), filer)
    assert outcomes["bob"].not_filed == "the gradebook is locked"
    assert set(filer.filed) == {"ann", "carl", "dora", "eve"}
    filer.refused = ()
    outcomes, _ = grade_class(lecture, executor := StubExecutor(), filer)
    assert not executor.runs
    assert filer.filed["bob"][1] == 4
    assert not outcomes["bob"].failed


def test_as_many_are_graded_at_a_time_as_there_are_jobs_and_a_slow_one_holds_up_nobody(course, lecture):
    for index in range(12):
        hand_in(course, f"student{index}", f"# number {index}\n{RIGHT}")
    hand_in(course, "slow", "# hangs\n" + RIGHT)
    executor = StubExecutor(together=3)
    done = threading.Event()
    filer = StubFiler(after=lambda count: count == 12 and done.set())
    run = threading.Thread(target=grade_class, args=(lecture, executor, filer, 3), daemon=True)
    run.start()
    assert done.wait(HANG_SECONDS)
    assert executor.at_once == 3
    executor.close()
    run.join(HANG_SECONDS)
    assert "slow" in points(lecture)


def test_memory_does_not_grow_with_the_class(course, lecture):
    text = hand_in(course, "student0").read_text()
    students = [f"student{index}" for index in range(600)]
    for student in students:
        copy = course.root / "submitted" / student / "03_toy" / "toy.ipynb"
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text)
    alive = []

    def count(done):
        if done % 100 == 0:
            alive.append(sum(type(thing) in (Record, Submission) for thing in gc.get_objects()))

    filer = StubFiler(after=count)
    outcomes, _ = grade_class(lecture, StubExecutor(output="x" * 10_000), filer)
    assert len(outcomes) == 600
    assert len(alive) == 6
    assert max(alive) <= 24  # those handed out, and those that wait to be filed


def test_a_run_that_is_asked_to_stop_stops_at_once_and_the_next_one_does_the_rest(course, lecture):
    for index in range(20):
        hand_in(course, f"student{index:02}", f"# number {index}\n{RIGHT}")
    interrupt = Interrupt()

    def stop(count):
        if count == 7:
            interrupt.asked = True
            interrupt.wake()

    filer = StubFiler(after=stop)
    with pytest.raises(Interrupted):
        grade_class(lecture, StubExecutor(), filer, interrupt=interrupt)
    assert len(points(lecture)) == 7
    second = StubExecutor()
    outcomes, _ = grade_class(lecture, second, filer)
    assert second.runs.total() == 13
    assert len(outcomes) == len(filer.filed) == 20


def test_a_stopped_run_journals_no_failure_of_what_it_killed(course, lecture):
    for index in range(4):
        hand_in(course, f"student{index}", f"# hangs {index}\n{RIGHT}")
    executor, interrupt = StubExecutor(), Interrupt()

    def stop():
        wait_for(lambda: executor.running == 2)
        interrupt.asked = True
        interrupt.wake()

    stopper = threading.Thread(target=stop)
    stopper.start()
    with pytest.raises(Interrupted):
        grade_class(lecture, executor, interrupt=interrupt)
    stopper.join()
    assert executor.closed.is_set()  # whoever waits for those that hang has their records
    assert points(lecture) == {}
    assert max(executor.runs.values()) == 1


def test_signals_are_noted_while_a_run_lasts_and_the_third_ends_it_wherever_it_is():
    before = signal.getsignal(signal.SIGTERM)
    woken = []
    with Interrupt() as interrupt:
        interrupt.wake = lambda: woken.append(True)
        interrupt.check()
        for _ in range(2):
            signal.raise_signal(signal.SIGTERM)
        with pytest.raises(Interrupted):
            interrupt.check()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
    assert len(woken) == 2
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        assert signal.getsignal(getattr(signal, name)) is signal.SIG_IGN
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, before)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def test_a_signal_that_was_ignored_stays_ignored_and_others_get_their_handlers_back():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interrupt():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGHUP, before)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_bar_on_a_terminal_says_what_is_done_failed_how_fast_and_how_long():
    stream = Terminal()
    with Progress("03_toy", 4, stream=stream) as progress:
        for failed in (False, True, False):
            progress.add(failed=failed, unchanged=False)
    last = stream.getvalue().rsplit("\r", 1)[-1]
    assert last.startswith("03_toy  75%|")
    assert "3/4" in last
    assert ", 1 failed, " in last
    assert "/min, 00:00 left" in last


def test_elsewhere_there_are_some_plain_lines_and_none_if_they_are_not_wanted():
    stream, silent = io.StringIO(), Terminal()
    with (
        Progress("03_toy", 35, stream=stream) as progress,
        Progress("a", 35, quiet=True, stream=silent) as no,
    ):
        for _ in range(35):
            progress.add(failed=False, unchanged=True)
            no.add(failed=False, unchanged=True)
    assert stream.getvalue().splitlines() == [f"03_toy: {n} of 35, 0 failed" for n in (10, 20, 30, 35)]
    assert silent.getvalue() == ""


@pytest.mark.notebook
def test_a_judge_that_is_killed_during_the_run_costs_no_submission_its_grade(course, lecture, executor):
    for index in range(6):
        hand_in(course, f"student{index}", f"# number {index}\n{SLOW if index < 4 else WRONG}")
    pool = JudgePool(2, trust_submissions=executor.trust_submissions)
    killed = []

    def kill_all(count):
        if count == 1:
            for process in list(pool._all):
                os.kill(process.process.pid, signal.SIGKILL)
                killed.append(process.process.pid)

    filer = StubFiler(after=kill_all)
    outcomes, _ = grade_class(lecture, pool, filer)
    assert killed
    assert [outcomes[f"student{i}"].earned for i in range(6)] == [7, 7, 7, 7, 5, 5]
    assert not any(outcome.failure for outcome in outcomes.values())


@pytest.mark.notebook
@pytest.mark.parametrize(("number", "times"), [(signal.SIGINT, 1), (signal.SIGINT, 2), (signal.SIGTERM, 1)])
def test_an_interrupted_command_waits_for_nothing_says_so_and_goes_on_where_it_stopped(
    course, lecture, number, times
):
    for index in range(14):
        hand_in(course, f"student{index:02}", f"# number {index}\n{WRONG if index % 2 else RIGHT}")
    hand_in(course, "student04", HANGS)
    journal = Journal.of(lecture).path
    with grading(course, "--cell-seconds", "2400", jobs=1 if times == 2 else 2) as process:
        wait_for(lambda: journal.exists() and journal.read_bytes().count(b"\n") >= 4)
        for _ in range(times):
            os.killpg(process.pid, number)  # as a terminal does: to the command and all that it started
        out, err = process.communicate(timeout=HANG_SECONDS)  # the one that hangs does so for longer
    assert process.returncode == 130
    assert "Traceback" not in err
    done = points(lecture)
    assert 4 <= len(done) < 14 and "student04" not in done
    assert f"interrupted: {len(done)} of 14 submissions of 03_toy are done and kept in {journal}" in err
    assert "the same command resumes where this one stopped" in err
    hand_in(course, "student04", f"# number 4\n{RIGHT}")
    with grading(course, "--cell-seconds", "2400", jobs=1) as process:
        out, err = process.communicate(timeout=2 * HANG_SECONDS)
    assert process.returncode == 0, err
    assert f"14 of 14 submissions, {len(done)} unchanged since they were graded" in out
    final = points(lecture)
    assert {name: final[name] for name in done} == done
    assert final == {f"student{i:02}": (5.0 if i % 2 else 7.0, "") for i in range(14)}


@pytest.mark.notebook
def test_a_second_run_gives_the_same_grades(class_of_five, lecture, executor):
    grades = []
    for _ in range(2):
        grade_class(lecture, Kept(executor), regrade=True)
        grades.append(points(lecture))
    assert grades[0] == grades[1]
    assert [earned for earned, _ in grades[0].values()].count(7.0) == 2


def test_a_source_that_is_no_notebook_is_one_sentence(class_of_five, lecture):
    lecture.source.write_text("{")
    with pytest.raises(CourseError, match="is not a notebook"):
        grade_class(lecture, StubExecutor())
