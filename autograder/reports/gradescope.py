"""Grade one submission inside Gradescope's autograder and write the results for Gradescope.

``run_autograder``, in the archive that :mod:`autograder.reports.gradescope_zip` makes, runs
``python -m autograder.reports.gradescope``.

Gradescope runs this in one container with the submission. Only the sandbox keeps a submission from reading the
hidden tests there and from writing its own results. If the container does not allow a sandbox, nothing is graded,
unless the archive was made with ``--trust-submissions``.
"""

from __future__ import annotations

import json
import os
import random
import sys
import traceback
from pathlib import Path
from typing import Any

from autograder.judge.executor import ExecutorError, Limits
from autograder.judge.pool import JudgePool
from autograder.notebooks.course import CourseError, Lecture, read_source
from autograder.reports.feedback import FULL, UNEXPLAINED, PageCheck, PageExercise, page_exercises
from autograder.reports.marks import Marks, marks_of
from autograder.reports.outline import outline_of
from autograder.reports.pages import write_page
from autograder.reports.plain_text import line, plain
from autograder.submission.grading import grade_submission
from autograder.submission.submission import read_submission

ROOT = "AUTOGRADER_ROOT"  # environment variable: the folder, /autograder on Gradescope
SETTINGS = "gradescope.json"
STUDENT = "submission"
OUTPUT_CHARACTERS = 10_000


def main() -> int:
    """Grade ``submission/`` and write ``results/results.json`` in every case; return 1 if it could not be graded."""
    root = Path(os.environ.get(ROOT, "/autograder"))
    try:
        results, status = _graded(root)
    except (CourseError, ExecutorError) as error:
        results, status = failed_results(str(error)), 1
    except Exception:  # without results, Gradescope shows nothing useful to student or instructor
        results, status = failed_results(traceback.format_exc()), 1
    write_page(root / "results" / "results.json", json.dumps(results, indent=1))
    return status


def _graded(root: Path) -> tuple[dict[str, Any], int]:
    settings = json.loads((root / "source" / SETTINGS).read_text(encoding="utf-8"))
    lecture = Lecture(root / "source", settings["lecture"])
    source = read_source(lecture)
    submission = read_submission(root / "submission", source, lecture, STUDENT)
    executor, notes = open_judge(trust=settings["trust_submissions"])
    with executor:
        seed = random.SystemRandom().randrange(2**31)
        limits = Limits(library_answers=settings["library_answers"])
        record = grade_submission(
            source, submission, executor, lecture=lecture.folder, seed=seed, limits=limits
        )
    outline = outline_of(lecture.folder, source)
    return results_of(marks_of(record, outline), notes), int(bool(record.failure))


def open_judge(*, trust: bool) -> tuple[JudgePool, list[str]]:
    """Return a judge pool with a sandbox, and notes for the instructor.

    If no sandbox is available and submissions are trusted, the pool has none, and a note says so.

    Args:
        trust: whether submissions are trusted.

    Raises:
        ExecutorError: if no sandbox is available and submissions are not trusted.
    """
    try:
        return JudgePool(1), []
    except ExecutorError as error:
        if not trust:
            raise
        note = f"graded without a sandbox: this submission could read the hidden tests and change its result ({error})"
        return JudgePool(1, trust_submissions=True), [note]


def results_of(marks: Marks, notes: list[str]) -> dict[str, Any]:
    """Return the content of ``results.json``. Of a hidden test, students see what their feedback page would show.

    Args:
        marks: the points of the submission.
        notes: notes for the instructor, in addition to the remarks of the record.
    """
    record = marks.record
    messages = [remark.for_student for remark in record.remarks if remark.for_student]
    if record.failure:
        messages.insert(0, record.failure_for_student or UNEXPLAINED)
    manual = sum(cell.points for cell in marks.cells if cell.waiting)
    if manual:
        messages.append(f"{manual:g} points are graded by hand and are not counted here.")
    tests = [
        entry
        for number, exercise in enumerate(page_exercises(marks), start=1)
        for entry in _entries(number, exercise)
    ]
    notes = [*notes, *(remark.message for remark in record.remarks), *filter(None, [record.failure])]
    return _results(marks.total, messages, tests, notes)


def failed_results(reason: str) -> dict[str, Any]:
    """Return the results of a submission that could not be graded because the grader failed."""
    return _results(0.0, [UNEXPLAINED], [], [reason])


def _results(
    score: float, messages: list[str], tests: list[dict[str, Any]], notes: list[str]
) -> dict[str, Any]:
    if notes:
        text = plain("\n".join(notes), OUTPUT_CHARACTERS)
        # This entry has no points, so students still see their total.
        tests = [*tests, _entry("For the instructor", text) | {"visibility": "hidden"}]
    return {
        "score": score,
        "output": plain("\n".join(messages), OUTPUT_CHARACTERS),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
    }


def _entries(number: int, exercise: PageExercise) -> list[dict[str, Any]]:
    label = line(exercise.heading)
    entries = [
        _entry(f"{label}: your cell", "\n".join(filter(None, [cell.message, cell.frames])))
        | {"status": "failed"}
        for cell in exercise.cells
        if cell.message
    ]
    for index, check in enumerate(exercise.checks, start=1):
        name = f"hidden check: {line(check.title)}" if check.hidden else f"check {index}"
        entries.append(_entry(f"{label}: {name}", _shown(check)) | _points(f"{number}.{index}", check))
    return entries


def _entry(name: str, output: str) -> dict[str, Any]:
    return {"name": plain(name), "output": plain(output, OUTPUT_CHARACTERS), "visibility": "visible"}


def _points(number: str, check: PageCheck) -> dict[str, Any]:
    status = "passed" if check.state == FULL else "failed"
    return {"number": number, "score": check.earned, "max_score": check.points, "status": status}


def _shown(check: PageCheck) -> str:
    hint = f"Hint: {check.hint}" if check.hint else ""
    if check.hidden:
        return "\n".join(filter(None, ["Passed." if check.state == FULL else "Not passed.", hint]))
    return "\n".join(filter(None, [check.output.rstrip("\n"), check.message, check.frames]))


if __name__ == "__main__":
    sys.exit(main())
