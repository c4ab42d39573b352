"""This course's steps of nbgrader's conversions; ``nbgrader_config.py`` names these classes."""

from __future__ import annotations

import atexit
import random
import re
from functools import cache
from html import escape, unescape
from pathlib import Path
from typing import Any

import bleach
import nbformat
from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter, NotebookExporter
from nbconvert.filters.markdown_mistune import InvalidNotebook
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import determine_grade, is_solution
from traitlets import Bool, Enum, Float, Integer

from autograder.gradebook.conversions import NbgraderCourse
from autograder.gradebook.judged import METADATA, NOT_GRADED, judged_notebook, remarks_of
from autograder.gradebook.lecture_entry import enter_lecture
from autograder.gradebook.task_answers import task_answers, with_answers
from autograder.judge.executor import LIBRARY_ANSWERS, Executor, Limits
from autograder.judge.pool import JudgePool
from autograder.notebooks.course import Lecture, read_notebook, with_hidden_checks
from autograder.notebooks.exercises import grade_id, is_hidden, is_test, without_hidden_tests
from autograder.submission.grading import grade_submission
from autograder.submission.record import Record, RemarkKind, SolutionRecord
from autograder.submission.submission import Submission, read_submission

# The tags of Markdown and of folded hints; other tags are shown as typed.
SAFE_TAGS = [
    *("a", "br", "code", "del", "div", "em", "p", "pre", "span", "strong", "sub", "sup"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "hr", "blockquote", "details", "summary"),
    *("dd", "dl", "dt", "li", "ol", "ul", "table", "tbody", "td", "th", "thead", "tr"),
]
# Classes of highlighted code; others would let an answer look and act like a part of the page around it.
SAFE_CLASS = re.compile(r"highlight|[a-z][a-z0-9]?")

# Macros of MathJax that link, style, load or define, so that a formula could act outside itself.
UNSAFE_MACROS = re.compile(
    r"\\(href|url|style|class|cssId|data|require|mmlToken|bbox|unicode|csname|def|let|DeclareMathOperator"
    r"|(re)?new(command|environment))(?![A-Za-z])"
)
ENTITY = re.compile(r"&(#\d+|#[xX][\da-fA-F]+|\w+);?", re.ASCII)

_shared: list[Executor] = []


def shared_executor(*, trust_submissions: bool) -> Executor:
    """Return the executor that this process shares, so that torch is imported once per class."""
    if not _shared:
        _shared.append(JudgePool(1, trust_submissions=trust_submissions))
        atexit.register(_shared[0].close)
    return _shared[0]


class NormalizeRelease(NbGraderPreprocessor):
    """Keep only metadata of a student version that is the same on every machine."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Reset the notebook's metadata and drop execution times and widget states."""
        nb.metadata = nbformat.from_dict(
            {
                "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                "language_info": {"name": "python"},
            }
        )
        nb.nbformat, nb.nbformat_minor = 4, 5
        for cell in nb.cells:
            kept = ("nbgrader", "tags", "deletable", "editable")
            cell.metadata = nbformat.from_dict({k: v for k, v in cell.metadata.items() if k in kept})
        return nb, resources


class SubmissionExporter(NotebookExporter):
    """Reads graded notebooks as nbgrader does, but no submission: :class:`RebuildFromSource` reads those.

    So a file that is not a notebook gets no points, like any other submission that cannot be graded.
    """

    def from_filename(self, filename: str, resources: dict | None = None, **kwargs: Any) -> tuple[str, dict]:
        """Convert a graded notebook, or an empty one instead of a submission."""
        if self.parent._sanitizing:  # the first of nbgrader's two steps
            return self.from_notebook_node(nbformat.v4.new_notebook(), resources=resources, **kwargs)
        return super().from_filename(filename, resources=resources, **kwargs)


class RebuildFromSource(NbGraderPreprocessor):
    """The first step of grading: take the source, with the solution texts of the submission.

    Other differences of the submission become remarks in the log and in the notebook's metadata.
    """

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Read the submission and return the notebook to judge, in which no test has passed yet."""
        directory, names = self.parent.parent.coursedir, resources["nbgrader"]
        course, student = NbgraderCourse(Path(directory.root), self.config), names["student"]
        lecture = Lecture(course.root, names["assignment"])
        folder = Path(directory.format_path(directory.submitted_directory, student, lecture.folder))
        submission = read_submission(folder, read_notebook(lecture.source), lecture, student)
        for remark in submission.remarks:
            if remark.kind == RemarkKind.TAMPERING:
                self.log.warning("%s: %s", student, remark.message)
        if submission.failure:
            self.log.error("%s cannot be graded: %s", student, submission.failure)
        master = course.master(lecture)
        with course.gradebook() as gradebook:
            enter_lecture(course, gradebook, lecture, master)
        record = Record(
            student,
            lecture.folder,
            solutions=tuple(SolutionRecord(name, "", text) for name, text in submission.solutions.items()),
            remarks=submission.remarks,
            failure=submission.failure,
            failure_for_student=submission.failure_for_student,
        )
        answers = task_answers(folder, lecture, master)
        return with_answers(judged_notebook(master, record), answers), resources


class RunSubmission(NbGraderPreprocessor):
    """The replacement of nbgrader's ``Execute``: the judge fills in the outputs of the graded cells."""

    cell_seconds = Float(30.0, help="Time limit per cell, in seconds.").tag(config=True)
    notebook_seconds = Float(300.0, help="Time limit per notebook, in seconds.").tag(config=True)
    check_seed = Integer(
        None,
        allow_none=True,
        help="Seed of the inputs that the checks draw. If None, a new seed per submission, which is "
        "stored in the autograded notebook's metadata.",
    ).tag(config=True)
    trust_submissions = Bool(
        False, help="Run submissions without a sandbox. Use it only for submissions that you trust."
    ).tag(config=True)

    library_answers = Enum(
        LIBRARY_ANSWERS,
        LIBRARY_ANSWERS[0],
        help="Whether an answer that calls the library's own version of its exercise earns nothing, or is only listed.",
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Run the setup, solution and test cells; all other cells have no output."""
        seed = self.check_seed if self.check_seed is not None else random.SystemRandom().randrange(2**31)
        limits = Limits(
            cell_seconds=self.cell_seconds,
            notebook_seconds=self.notebook_seconds,
            library_answers=self.library_answers,
        )
        metadata = nb.metadata[METADATA]
        submission = Submission(
            resources["nbgrader"]["student"],
            {grade_id(cell): cell.source for cell in nb.cells if is_solution(cell)},
            remarks=remarks_of(nb),
            failure=metadata.failure,
            failure_for_student=metadata.failure_for_student,
        )
        executor = shared_executor(trust_submissions=self.trust_submissions)
        directory = self.parent.parent.coursedir
        lecture = Lecture(Path(directory.root), resources["nbgrader"]["assignment"])
        source = with_hidden_checks(nb, lecture)
        record = grade_submission(
            source, submission, executor, lecture=lecture.folder, seed=seed, limits=limits
        )
        return judged_notebook(nb, record), resources


class RedactHiddenTests(NbGraderPreprocessor):
    """In feedback, a hidden test shows only its comment, whether it passed, and a hint."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Replace source and outputs of hidden tests; show other cells' outputs as text."""
        for cell in nb.cells:
            if cell.cell_type != "code":
                continue
            if is_test(cell) and is_hidden(cell):
                text = f"{_verdict(cell)}\n"
                cell.source = without_hidden_tests(cell.source).strip()
                cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=text)]
            else:
                for output in cell.outputs:
                    _make_plain(output, nb.metadata.get(METADATA, {}))
        nb.metadata.pop(METADATA, None)
        return nb, resources


def _verdict(cell: NotebookNode) -> str:
    earned, points = determine_grade(cell)
    if earned == points:
        return "✓ passed"
    hint = cell.metadata.get(METADATA, {}).get("hint", "")
    return ("✗ did not pass" if earned == 0 else "◐ partly passed") + (f": {hint}" if hint else "")


def _make_plain(output: NotebookNode, metadata: dict) -> None:
    """Drop HTML and scripts from the output of a submission, because others open its page."""
    if "data" in output:
        output.data = nbformat.from_dict({"text/plain": output.data.get("text/plain", "")})
    elif output.get("ename") == NOT_GRADED:  # its message is for the instructor
        reason = metadata.get("failure_for_student") or "This submission could not be graded."
        output.evalue, output.traceback = reason, [reason]


@cache
def _plain_exporter() -> HTMLExporter:
    return HTMLExporter()


@pass_context
def safe_markdown(context: Any, source: str) -> str:
    """Turn Markdown into HTML in which a submission's texts cannot run scripts.

    It is a filter of nbconvert's pages, of the feedback and of formgrader.
    """
    try:
        html = _plain_exporter().markdown2html(context, source)
    except InvalidNotebook:  # an image that is not attached
        html = f"<pre>{escape(source)}</pre>"
    html = bleach.clean(html, tags=SAFE_TAGS, attributes=_is_safe)
    return UNSAFE_MACROS.sub(r"\\mathrm{\1}", ENTITY.sub(_resolved, html))


def _resolved(entity: re.Match) -> str:
    """Return the letter or backslash of an entity, because MathJax reads the text of the page; else the entity."""
    character = unescape(entity.group())
    return character if re.fullmatch(r"[\\A-Za-z]", character) else entity.group()


def _is_safe(tag: str, name: str, value: str) -> bool:
    if name == "class":
        return bool(SAFE_CLASS.fullmatch(value))
    return tag == "a" and name == "href"  # bleach allows the schemes http, https and mailto
