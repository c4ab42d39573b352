"""A class that hands in the toy lecture, executors and a gradebook that only pretend, and the real command."""

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from contextlib import contextmanager

import nbformat
from toy_course import cell_of, toy_notebook
from waiting import ENDLESS_SECONDS, HANG_SECONDS

from autograder.judge.executor import CellError, CellResult, ExecutorError, Limits
from autograder.judge.sandbox import require_sandbox
from autograder.notebooks.course import CourseError
from autograder.notebooks.exercises import is_hidden, without_hidden_tests
from autograder.runs.interrupt import Interrupt
from autograder.runs.journal import Journal
from autograder.runs.progress import Progress
from autograder.runs.run import ClassRun, Settings, handed_in
from autograder.runs.workers import LocalWorkers

RIGHT = "def double(x):\n    return x + x\n"
WRONG = "def double(x):\n    return x * x  # wrong\n"  # right for 2 only: it earns the visible test's point
SLOW = "import time\ntime.sleep(0.5)\n" + RIGHT
HANGS = f"import time\ntime.sleep({ENDLESS_SECONDS})\n" + RIGHT
PATIENT = Limits(
    cell_seconds=2400, exercise_seconds=2400, notebook_seconds=2400
)  # it outlasts one that hangs
MEAN = "def mean(values):\n    return math.fsum(values) / len(values)\n"


def hand_in(course, student, double=RIGHT, mean=MEAN):
    """Write a student's submission of the toy lecture and return its path."""
    notebook = toy_notebook()
    cell_of(notebook, "double").source, cell_of(notebook, "mean").source = double, mean
    for cell in notebook.cells:
        if is_hidden(cell):
            cell.source = without_hidden_tests(cell.source)
    path = course.root / "submitted" / student / "03_toy" / "toy.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


class StubExecutor:
    """Runs nothing: a test fails if its exercise's solution says ``wrong``; other words in it stop the executor.

    Args:
        together: how many runs must have begun before the first of them ends.
        output: what each cell prints.

    Attributes:
        runs: how often each solution of ``double`` was run.
        at_once: the most that ran at a time.
    """

    def __init__(self, together=1, output=""):
        self.together, self.output = together, output
        self.enough = threading.Event()
        self.runs, self.running, self.at_once = Counter(), 0, 0
        self.closed = threading.Event()
        self.lock = threading.Lock()

    def run(self, cells, limits, seed=None):
        texts = {cell.exercise: cell.source for cell in cells if cell.kind == "solution"}
        text = texts.get("double", "")
        with self.lock:
            if texts:
                self.runs[text] += 1
            self.running += 1
            self.at_once = max(self.at_once, self.running)
            if self.at_once >= self.together:
                self.enough.set()
        try:
            return self._run(cells, texts, text)
        finally:
            with self.lock:
                self.running -= 1

    def _run(self, cells, texts, text):
        if "dies" in text or ("stumbles" in text and self.runs[text] == 1):
            raise ExecutorError("the judge's process ended: exit status 9")
        if "defect" in text:
            raise KeyError("a key")
        self.enough.wait(HANG_SECONDS)
        if texts and self.closed.wait(2 * HANG_SECONDS if "hangs" in text else 0.0):
            raise ExecutorError("the judge pool has been closed")
        return [self._result(cell, texts.get(cell.exercise, "")) for cell in cells]

    def _result(self, cell, text):
        error = CellError("AssertionError", "no") if cell.kind == "test" and "wrong" in text else None
        return CellResult([{"output_type": "stream", "name": "stdout", "text": self.output}], error)

    def close(self):
        self.closed.set()


class Kept:
    """An executor that goes on to live when those who grade close it."""

    def __init__(self, executor):
        self.run = executor.run

    def close(self):
        """It is its owner's to end."""


class StubFiler:
    """A gradebook in memory that cannot take some students.

    Attributes:
        filed: key and points by student.
        threads: those that filed.
        journalled: whether each record was in the journal when it was filed, if one is named.
    """

    def __init__(self, journal=None, refused=(), after=lambda count: None):
        self.journal, self.refused, self.after = journal, refused, after
        self.filed, self.threads, self.journalled = {}, set(), []

    def is_filed(self, record):
        return self.filed.get(record.student, ("", 0))[0] == record.key

    def file(self, record):
        self.threads.add(threading.get_ident())
        if self.journal is not None:
            self.journalled.append(record.student in self.journal.places())
        if record.student in self.refused:
            raise CourseError("the gradebook is locked")
        self.filed[record.student] = (record.key, record.earned)
        self.after(len(self.filed))


def grade_class(lecture, executor, filer=None, jobs=2, interrupt=None, students=None, **settings):
    """Grade everybody as the command does; return the outcomes by student, and the filer."""
    journal = Journal.of(lecture)
    filer = filer or StubFiler(journal)
    students = handed_in(lecture) if students is None else students
    settings = Settings(**{"limits": Limits(), **settings})
    with LocalWorkers(executor, jobs, settings.limits) as workers, journal:
        run = ClassRun(lecture, workers, journal, filer, settings, interrupt or Interrupt())
        run.run(students, Progress(lecture.folder, len(students), quiet=True))
    return {outcome.student: outcome for outcome in run.outcomes}, filer


def sandbox_options():
    """Return the options that grading needs on this machine: none, if it has a sandbox."""
    try:
        require_sandbox()
    except ExecutorError:
        return ["--trust-submissions"]
    return []


@contextmanager
def grading(course, *options, jobs=2):
    """Start the command that grades lecture 03, in a process group of its own; kill it at the end."""
    jobs = [] if "--dask" in options else ["--jobs", str(jobs)]
    command = [sys.executable, "-m", "autograder", "--course", str(course.root), "grade", "03"]
    command += [*jobs, *sandbox_options(), *options]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def points(lecture):
    """Return points earned and failure by student, out of the journal."""
    return {name: (r.earned, r.failure) for name, r in Journal.of(lecture).latest().items()}
