"""Grading rate compared with stock nbgrader, the time and memory for a large class, and the cost of a proxied call.

    .venv/bin/python benchmarks/grading.py            # all three, about half an hour on two cores
    .venv/bin/python benchmarks/grading.py calls      # one of them: stock, large or calls

Stock nbgrader is the installed nbgrader with its default settings, except for the names of the folders: it starts a
kernel for each notebook, one after the other, and runs all of its cells. It grades the same submissions in the same
run: once in one process, and once in two simultaneous processes, each with its own gradebook, to use both cores.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, perf_counter, sleep

import psutil
import torch
from measure import add_names, options_of

from autograder.judge.executor import Limits
from autograder.notebooks.course import CONFIG_NAME, Course, Lecture, read_notebook
from autograder.reports.mock_class import handed_in, random_class, solutions
from autograder.runs.journal import Journal
from autograder.tables import table

LECTURES = ("03", "08")
STOCK_CONFIG = """c = get_config()
c.CourseDirectory.course_id = "benchmark"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "lectures"
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}
c.ExecutePreprocessor.timeout = 600
"""
MIB = 1 << 20
ENVIRONMENT = {
    **os.environ,
    "OMP_NUM_THREADS": "1",
    "DGM_QUIET": "1",
    "DGM_DEVICE": "cpu",
    "MPLBACKEND": "Agg",
}


PARTS = ("calls", "stock", "large")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the chosen parts and print a table for each."""
    parser = options_of(__doc__)
    add_names(parser, PARTS, "PART")
    parser.add_argument(
        "--stock-submissions", type=int, default=6, metavar="N", help="Submissions per lecture (default: 6)."
    )
    parser.add_argument(
        "--submissions",
        type=int,
        default=1000,
        metavar="N",
        help="Submissions of the large class, both lectures together (default: 1000).",
    )
    parser.add_argument("--calls", type=int, default=3000, metavar="N", help="Number of timed proxied calls.")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="Submissions graded at a time.")
    options = parser.parse_args(arguments)
    parts = options.names or PARTS
    course = Course.find(Path(__file__).parent.parent)
    if "calls" in parts:
        print(calls(options.calls), flush=True)
    if "stock" in parts:
        print(beside_stock(course, options.stock_submissions, options.jobs), flush=True)
    if "large" in parts:
        print(large_class(course, options.submissions, options.jobs), flush=True)
    return 0


def calls(count: int) -> str:
    """Time calls of a function that doubles 1,000 floats, from a test cell's proxy to the sandbox and back."""
    import random

    from autograder.judge.proxies import Conversation
    from autograder.judge.student_process import Student, WarmParent

    parent = WarmParent()
    student = Student(parent, Limits())
    student.ask({"do": "run", "source": "def double(x):\n    return 2 * x"})
    double = Conversation(student, random.Random(0)).look("double")
    x = torch.randn(1000)
    times = []
    for _ in range(count):
        began = perf_counter()
        double(x)
        times.append(1000 * (perf_counter() - began))
    student.end()
    parent.close()
    low, middle, high = statistics.quantiles(times, n=4)
    header = ["a proxied call on 1,000 floats", "median", "quartiles"]
    return table(header, [[f"{count:,} calls", f"{middle:.3f} ms", f"{low:.3f} to {high:.3f} ms"]]) + "\n"


def beside_stock(course: Course, size: int, jobs: int) -> str:
    """Grade the same submissions with stock nbgrader and with ``autograder grade``."""
    rows, honest = [], []
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        ours = make_course(Path(folder) / "ours", course, size)
        seconds = timed(["-m", "autograder", "grade", "--jobs", str(jobs), "--quiet"], ours.root)
        rate = 60 * 2 * size / seconds
        for processes in (1, 2):
            stocks = [
                make_course(Path(folder) / f"stock{processes}{part}", course, size, part, processes)
                for part in range(processes)
            ]
            spent = stock(stocks)
            stock_rate = 60 * 2 * size / spent
            name = f"stock nbgrader, {processes} at a time"
            rows.append([name, f"{spent:.0f} s", f"{stock_rate:.1f}", f"{rate / stock_rate:.1f}"])
            honest.append(same_points(ours, stocks))
        rows.append([f"autograder grade, {jobs} jobs", f"{seconds:.0f} s", f"{rate:.1f}", "1"])
    header = [
        f"{2 * size} submissions of {' and '.join(LECTURES)}",
        "time",
        "submissions per minute",
        "autograder's rate over this rate",
    ]
    same = "the same points for honest work: " + ("yes" if all(honest) else "NO")
    return f"{table(header, rows)}\n{same}\n"


def large_class(course: Course, size: int, jobs: int) -> str:
    """Grade a large class, twice; watch memory and processes."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        ours = make_course(Path(folder), course, size // len(LECTURES))
        command = ["-m", "autograder", "grade", "--jobs", str(jobs)]
        same_inputs = [*command, "--seed", "1"]
        with watched() as samples:
            first = timed(same_inputs, ours.root, show=True)
        grades = all_points(ours)
        second = timed([*same_inputs, "--quiet"], ours.root)
        unchanged = grades == all_points(ours)
        chosen = [f"student{number:04}" for number in range(1, size // len(LECTURES), 10)]
        again = ["--quiet", "--regrade", "--student", *chosen]
        timed([*same_inputs, *again], ours.root)
        repeated = grades == all_points(ours)
        timed([*command, *again], ours.root)
        other = sum(points == grades[key] for key, points in all_points(ours).items() if key[1] in chosen)
        left = left_behind(ours.root)
    quarter = len(samples) // 4
    early, late = (max(part, default=0) for part in (samples[quarter : 2 * quarter], samples[3 * quarter :]))
    rows = [
        ["first run", f"{first:.0f} s, {60 * size / first:.0f} submissions per minute"],
        [
            "peak memory of all its processes, second and last quarter",
            f"{early / MIB:.0f} and {late / MIB:.0f} MiB",
        ],
        ["second run", f"{second:.1f} s, {second / first:.1%} of the first"],
        ["the same grades after the second run", "yes" if unchanged else "NO"],
        [f"the same grades for {2 * len(chosen)} regraded on the same inputs", "yes" if repeated else "NO"],
        [f"the same grades for {2 * len(chosen)} regraded on newly drawn inputs", f"{other} of them"],
        ["processes left behind", str(left)],
    ]
    return table([f"{size:,} submissions, {jobs} jobs", ""], rows) + "\n"


def make_course(root: Path, course: Course, size: int, part: int = 0, parts: int = 0) -> Course:
    """Write a course folder with a class made from the answer bank; with ``parts``, a stock one with part of it.

    The first student of each lecture hands in the source's solutions.
    """
    root.mkdir(exist_ok=True)
    (root / CONFIG_NAME).write_text(STOCK_CONFIG if parts else (course.root / CONFIG_NAME).read_text())
    for wanted in LECTURES:
        lecture = course.lecture(wanted)
        for kind in ("solutions", "lectures"):
            shutil.copytree(course.root / kind / lecture.folder, root / kind / lecture.folder)
        students = list(random_class(lecture, size, seed=0))
        source, released = read_notebook(lecture.source), read_notebook(lecture.student_version)
        students[0] = ("honest", handed_in(released, solutions(source)))
        for name, text in students[part :: max(parts, 1)]:
            path = root / "submitted" / name / lecture.folder / f"{lecture.name}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return Course(root)


def stock(courses: Sequence[Course]) -> float:
    """Run stock nbgrader in these folders at the same time; return the seconds until the last has finished."""
    nbgrader = str(Path(sys.executable).parent / "nbgrader")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    for course in courses:
        for lecture in course.lectures():
            command = [nbgrader, "generate_assignment", lecture.folder, "--force"]
            subprocess.run(
                command, cwd=course.root, env={**ENVIRONMENT, "PATH": path}, check=True, capture_output=True
            )
    began = monotonic()
    script = " && ".join(f"{nbgrader} autograde {folder.folder}" for folder in courses[0].lectures())
    running = [
        subprocess.Popen(
            script,
            shell=True,
            cwd=course.root,
            env={**ENVIRONMENT, "PATH": path},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for course in courses
    ]
    for process in running:
        process.wait()
    return monotonic() - began


def same_points(ours: Course, stocks: Sequence[Course]) -> bool:
    """Return whether the honest student has the same points in our gradebook and in the first stock folder's."""
    return all(points(ours, lecture) == points(stocks[0], lecture) for lecture in ours.lectures())


def points(course: Course, lecture: Lecture) -> float:
    """Return the honest student's points from the gradebook."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as gradebook:
        return gradebook.find_submission(lecture.folder, "honest").score


def all_points(course: Course) -> dict[tuple[str, str], float]:
    """Return points by lecture and student from the journals."""
    return {
        (lecture.folder, student): record.earned
        for lecture in course.lectures()
        for student, record in Journal.of(lecture).latest().items()
    }


def timed(arguments: Sequence[str], folder: Path, *, show: bool = False) -> float:
    """Run Python with these arguments in a folder; return the seconds that it took."""
    began = monotonic()
    shown = None if show else subprocess.DEVNULL
    subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=ENVIRONMENT, stdout=shown, stderr=shown, check=False
    )
    return monotonic() - began


@contextmanager
def watched() -> Iterator[list[int]]:
    """Sample the memory of this process's descendants, each page counted once, until the block ends."""
    samples: list[int] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            samples.append(sum(map(proportional, psutil.Process().children(recursive=True))))
            sleep(1.0)

    thread = threading.Thread(target=watch)
    thread.start()
    yield samples
    done.set()
    thread.join()


def proportional(process: psutil.Process) -> int:
    """Return the memory of a process; a page that n processes share counts for 1/n."""
    try:
        return process.memory_full_info().pss
    except psutil.Error:  # it has ended meanwhile
        return 0


def left_behind(root: Path) -> int:
    """Return the number of processes left by grading: judges, sandboxes, and any process in this folder."""
    count = 0
    for process in psutil.process_iter(["cmdline", "cwd"]):
        words = " ".join(process.info["cmdline"] or [])
        count += (
            "autograder.judge" in words or "autograder.student" in words or process.info["cwd"] == str(root)
        )
    return count


if __name__ == "__main__":
    sys.exit(main())
