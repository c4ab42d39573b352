"""The feedback page for a student: the parts of a record that it may show, and the wording.

For a hidden test it shows the title, whether it passed, the points and the hint. Nothing else reaches the template,
see :class:`PageCheck`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from autograder.judge.executor import CellError
from autograder.notebooks.course import Course, CourseError, Lecture, is_folder_name
from autograder.reports.failures import NOT_RUN, UNTOUCHED, hint_of
from autograder.reports.marks import WAITING, CellMark, Marks
from autograder.reports.outline import ExerciseOutline
from autograder.reports.pages import render
from autograder.reports.plain_text import line
from autograder.reports.tracebacks import own_frames
from autograder.submission.record import SolutionRecord, TestRecord

FULL, PART, NONE = "full", "part", "none"
STOPPED_BEFORE = "Not run, because an earlier cell of this exercise stopped with an error."
UNEXPLAINED = (
    "Your notebook could not be graded. You cannot fix this yourself; your instructor can see the reason."
)


@dataclass(frozen=True)
class PageCheck:
    """A test cell as its student may see it: a hidden one shows only title, result, points and hint."""

    state: str
    earned: float
    points: float
    hidden: bool
    title: str
    hint: str = ""
    message: str = ""
    output: str = ""
    frames: str = ""
    source: str = ""


@dataclass(frozen=True)
class PageCell:
    """A cell that the student wrote, with its output and its error."""

    source: str
    is_code: bool
    message: str = ""
    frames: str = ""
    output: str = ""


@dataclass(frozen=True)
class PageExercise:
    """One exercise of the page; ``advice`` names the next thing to do, or is empty if nothing is left to do."""

    anchor: str
    heading: str
    state: str
    earned: float
    points: float
    waiting: bool
    checks: tuple[PageCheck, ...]
    cells: tuple[PageCell, ...]
    comments: tuple[str, ...]
    advice: str

    @property
    def detailed(self) -> bool:
        """Whether the page has more to show than points."""
        return bool(self.checks or self.cells or self.comments)


def feedback_page(marks: Marks) -> str:
    """Return the feedback page for one student's points."""
    record, outline = marks.record, marks.outline
    exercises = page_exercises(marks)
    return render(
        "feedback.html",
        title=outline.title,
        marks=marks,
        state=_state(marks.total, marks.points),
        waiting=marks.status == WAITING,
        failure=(record.failure_for_student or UNEXPLAINED) if record.failure else "",
        remarks=[remark.for_student for remark in record.remarks if remark.for_student],
        exercises=exercises,
        complete=sum(exercise.state == FULL for exercise in exercises),
        advice=[exercise for exercise in exercises if exercise.advice],
    )


def page_exercises(marks: Marks) -> list[PageExercise]:
    """Return the part of each exercise that the student may see."""
    return [
        _exercise(marks, number, exercise)
        for number, exercise in enumerate(marks.outline.exercises, start=1)
        if marks.of(exercise.name)[1] > 0  # an exercise added to the source after grading has no points
    ]


def feedback_path(course: Course, lecture: Lecture, student: str) -> Path:
    """Return the path of a student's page: ``feedback/STUDENT/LECTURE/NAME.html``.

    Raises:
        CourseError: if the student's name is not a folder name.
    """
    if not is_folder_name(student):
        raise CourseError(
            f"the journal of {lecture.folder} names a student {line(repr(student))}, "
            "which is not a valid folder name; delete that line"
        )
    return course.root / "feedback" / student / lecture.folder / f"{lecture.name}.html"


def _check(test: TestRecord, cells: tuple[SolutionRecord, ...]) -> PageCheck:
    """Return the part of a test cell's record that the student may see.

    Args:
        test: the test cell's record.
        cells: the student's cells, whose frames of a traceback are shown.
    """
    state, hint = _state(test.earned, test.points), test.error.hint if test.error else ""
    if test.hidden:
        return PageCheck(state, test.earned, test.points, True, test.title, hint=hint)
    return PageCheck(
        state,
        test.earned,
        test.points,
        False,
        "",
        message=_message(test.error),
        output=test.output,
        frames=_frames(test.error, cells),
        source=test.source,
    )


def _exercise(marks: Marks, number: int, outline: ExerciseOutline) -> PageExercise:
    record = marks.record
    written = tuple(cell for cell in record.solutions if cell.exercise == outline.name)
    tests = record.tests_of(outline.name)
    earned, points = marks.of(outline.name)
    exercise_marks = [mark for mark in marks.cells if mark.exercise == outline.name]
    checks = tuple(_check(test, written) for test in tests)
    state = _state(earned, points)
    return PageExercise(
        anchor=f"exercise-{number}",
        heading=outline.heading,
        state=state,
        earned=earned,
        points=points,
        waiting=any(mark.waiting for mark in exercise_marks),
        checks=checks,
        cells=tuple(_cell(cell, cell.grade_id not in marks.outline.prose) for cell in written),
        comments=_comments(marks, [*written, *exercise_marks]),
        advice="" if state == FULL else _advice(written, tests, checks),
    )


def _comments(marks: Marks, cells: list[SolutionRecord | CellMark]) -> tuple[str, ...]:
    names = dict.fromkeys(cell.grade_id for cell in cells)
    return tuple(marks.by_hand.comments[name] for name in names if name in marks.by_hand.comments)


def _cell(solution: SolutionRecord, is_code: bool) -> PageCell:
    printed = "".join(
        str(output.get("text", "")) for output in solution.outputs if output.get("output_type") == "stream"
    )
    return PageCell(
        solution.source,
        is_code,
        message=_message(solution.error),
        frames=_frames(solution.error, (solution,)),
        output=printed,
    )


def _advice(
    written: tuple[SolutionRecord, ...], tests: list[TestRecord], checks: tuple[PageCheck, ...]
) -> str:
    """Return the next thing to do in an exercise that lacks points, in one sentence."""
    for cell in written:
        if cell.error is not None:
            return f"your cell stops with {line(str(cell.error))}; fix that first."
    visible = [test.error for test in tests if test.error is not None and not test.hidden]
    if any(error.name == UNTOUCHED for error in visible):
        return "this function is not written yet."
    for error in visible:
        if error.name != NOT_RUN:
            return _problem(error)
    for check in checks:
        if check.hidden and check.state != FULL:
            about = f"{line(check.title)} " if check.title else ""
            return f"the visible checks pass, but a hidden check does not: {about}{line(check.hint)}".strip()
    return ""


def _problem(error: CellError) -> str:
    """Return the first line of a message, with its hint if it has one."""
    first, hint = error.message.partition("\n")[0], hint_of(error).rstrip(".")
    problem = first if error.by_check else f"{error.name}: {first}".rstrip(": ")
    return line(problem) + (f" ({line(hint)})" if hint else "")


def _message(error: CellError | None) -> str:
    """Return the student's message for an error.

    A cell may not have run because of a hidden test, so that reason is never shown.
    """
    if error is None:
        return ""
    if error.name == NOT_RUN:
        return STOPPED_BEFORE
    if error.name == UNTOUCHED and not error.message:
        return "This function is not written yet: it raises NotImplementedError."
    return f"✗ {error.message}" if error.by_check else f"✗ {error}"


def _frames(error: CellError | None, cells: tuple[SolutionRecord, ...]) -> str:
    if error is None or error.by_check or error.name in (NOT_RUN, UNTOUCHED):
        return ""
    return own_frames(error.traceback, [cell.source for cell in cells])


def _state(earned: float, points: float) -> str:
    if earned >= points:
        return FULL
    return PART if earned > 0 else NONE
