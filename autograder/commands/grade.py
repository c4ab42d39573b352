"""``autograder grade``: grade submissions."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from autograder.commands import add_lectures, add_students, processor_cores, whole

if TYPE_CHECKING:
    from autograder.judge.executor import Limits
    from autograder.notebooks.course import Course, Lecture
    from autograder.runs.interrupt import Interrupt
    from autograder.runs.summary import ClassResult
    from autograder.runs.workers import Workers

NAME = "grade"
HELP = "Grade the submissions of a class."
DESCRIPTION = (
    "Grade the submissions in submitted/STUDENT/LECTURE, several at a time, and enter the points in the gradebook. "
    "Submissions that have not changed since they were graded are skipped, so an interrupted run resumes "
    "where it stopped. The exit status is 1 if some submissions could not be graded, 130 after Ctrl-C."
)
INTERRUPTED = 130


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    add_lectures(parser)
    add_students(parser, "Grade only these students' submissions.")
    parser.add_argument(
        "--regrade",
        "--force",
        action="store_true",
        help="Also regrade submissions that have not changed since they were graded.",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--jobs",
        type=whole,
        metavar="N",
        help="Number of submissions to grade at a time (default: the number of processor cores).",
    )
    where.add_argument(
        "--dask",
        metavar="URL",
        help="Grade on the Dask cluster with this scheduler, for example tcp://scheduler:8786.",
    )
    parser.add_argument(
        "--trust-submissions",
        action="store_true",
        help="Run submissions without a sandbox: they can then do anything that you can do.",
    )
    parser.add_argument(
        "--seed",
        type=int,
        metavar="N",
        help="Seed of the inputs that the checks draw, to repeat a grading (default: a new seed per submission).",
    )
    limits = parser.add_argument_group("limits per submission")
    limits.add_argument("--cell-seconds", type=_positive, metavar="S", help="Time limit per cell.")
    limits.add_argument(
        "--notebook-seconds",
        type=_positive,
        metavar="S",
        help="Time limit per notebook.",
    )
    limits.add_argument(
        "--memory-mb", type=whole, metavar="MB", help="Memory limit for the student's code, in MiB."
    )
    parser.add_argument("--json", action="store_true", help="Print the result as one JSON document.")
    parser.add_argument("--quiet", action="store_true", help="Show no progress.")


def run(options: argparse.Namespace) -> int:
    """Grade, print the results, and return the exit status."""
    from autograder.notebooks.course import Course
    from autograder.runs.interrupt import Interrupt
    from autograder.runs.summary import as_json, done_so_far, report

    course = Course.find(options.course)
    classes = _classes(course, options)
    results: list[ClassResult] = []
    most = max(map(len, classes.values()), default=1)
    with _workers(options, course, most) as workers, Interrupt() as interrupt:
        for lecture, students in classes.items():
            results.append(_grade(course, lecture, students, workers, interrupt, options))
            if not options.json:
                print(report(results[-1]), flush=True)
            if interrupt.asked:
                break
        if options.json:
            print(as_json(results, interrupted=interrupt.asked))
        if interrupt.asked:
            state = f"interrupted: {done_so_far(results[-1])}; {_how_to_continue(options)}"
            print(f"autograder: {state}", file=sys.stderr)
            return INTERRUPTED
    return int(any(result.failed for result in results))


def _grade(
    course: Course,
    lecture: Lecture,
    students: list[str],
    workers: Workers,
    interrupt: Interrupt,
    options: argparse.Namespace,
) -> ClassResult:
    from autograder.gradebook.filing import Filing
    from autograder.judge.executor import ExecutorError
    from autograder.notebooks.course import CourseError
    from autograder.runs.interrupt import Interrupted
    from autograder.runs.journal import Journal
    from autograder.runs.progress import Progress
    from autograder.runs.run import ClassRun, Settings
    from autograder.runs.summary import ClassResult, done_so_far

    settings = Settings(_limits(options, course), options.seed, options.regrade)
    with Journal.of(lecture) as journal:
        if options.regrade or len(journal.places()) < len(students):
            workers.begin()  # the processes start while the gradebook is opened
        with (
            Filing(course, lecture) as filing,
            Progress(lecture.folder, len(students), quiet=options.quiet) as progress,
        ):
            run = ClassRun(lecture, workers, journal, filing, settings, interrupt)
            result = ClassResult(lecture, len(students), run.outcomes, journal.path)
            try:
                run.run(students, progress)
            except Interrupted:
                workers.close()
            except (CourseError, ExecutorError) as error:
                if not run.outcomes:
                    raise
                raise CourseError(
                    f"{error}; {done_so_far(result)}, and {_how_to_continue(options)}"
                ) from error
        for note in filing.notes:
            print(f"autograder: {note}", file=sys.stderr)
    return result


def _how_to_continue(options: argparse.Namespace) -> str:
    if options.regrade:
        return "the same command regrades these as well"
    return "the same command resumes where this one stopped"


def _classes(course: Course, options: argparse.Namespace) -> dict[Lecture, list[str]]:
    """Return the students to grade, by lecture.

    Raises:
        CourseError: if there is nothing to grade, or if a named student or lecture has no submission.
    """
    from autograder.notebooks.course import CourseError
    from autograder.runs.run import handed_in

    lectures = course.select(options.lectures)
    wanted = set(options.student)
    submitted = {lecture: handed_in(lecture) for lecture in lectures}
    unknown = wanted.difference(*submitted.values())
    if unknown:
        folders = ", ".join(lecture.folder for lecture in lectures)
        raise CourseError(
            f"{sorted(unknown)[0]!r} has not handed in anything: no folder under submitted/ for {folders}"
        )
    empty = [lecture for lecture, students in submitted.items() if not students]
    if empty and (options.lectures or len(empty) == len(lectures)):
        raise CourseError(
            f"no student has handed in {empty[0].folder}: there is no {course.root / 'submitted'}/STUDENT/"
            f"{empty[0].folder}; `autograder collect` fills that folder"
        )
    chosen = {
        lecture: [student for student in students if not wanted or student in wanted]
        for lecture, students in submitted.items()
    }
    return {lecture: students for lecture, students in chosen.items() if students}


def _workers(options: argparse.Namespace, course: Course, most: int) -> Workers:
    """Return the workers that grade; on this machine at most ``most`` at a time."""
    from autograder.judge.pool import JudgePool
    from autograder.runs.workers import LocalWorkers

    limits = _limits(options, course)
    if options.dask is not None:
        from autograder.runs.on_dask import DaskWorkers

        return DaskWorkers(
            options.dask,
            trust_submissions=options.trust_submissions,
            limits=limits,
            say=lambda sentence: options.quiet or print(f"autograder: {sentence}", file=sys.stderr),
        )
    jobs = min(options.jobs or processor_cores(), most)
    return LocalWorkers(JudgePool(jobs, trust_submissions=options.trust_submissions), jobs, limits)


def _limits(options: argparse.Namespace, course: Course) -> Limits:
    """Return the default limits, changed by the options."""
    from autograder.gradebook.conversions import NbgraderCourse
    from autograder.judge.executor import MIB, Limits

    limits = Limits(library_answers=NbgraderCourse(course.root).library_answers())
    if options.cell_seconds:
        limits = replace(limits, cell_seconds=options.cell_seconds).lengthened()
    if options.notebook_seconds:
        limits = replace(limits, notebook_seconds=options.notebook_seconds)
    if options.memory_mb is not None:
        limits = replace(limits, memory_bytes=options.memory_mb * MIB)
    return limits


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number above 0, got {text}")
    return number
