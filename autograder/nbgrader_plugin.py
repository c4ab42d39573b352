"""What this course puts into nbgrader's conversions; ``nbgrader_config.py`` names these classes."""

from __future__ import annotations

import atexit
import random
from typing import Any

import bleach
import nbformat
from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_solution
from traitlets import Float, Integer

from autograder.executor import Executor, Limits
from autograder.exercises import grade_id, is_hidden, is_test, without_hidden_tests
from autograder.fork_executor import ForkExecutor
from autograder.grading import grade_submission
from autograder.runs.judged import judged_notebook
from autograder.runs.submission import Submission

# What Markdown makes, and the folded hints; all else in a text is shown as it was typed.
SAFE_TAGS = [
    *("a", "br", "code", "del", "div", "em", "p", "pre", "span", "strong", "sub", "sup"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "hr", "blockquote", "details", "summary"),
    *("dd", "dl", "dt", "li", "ol", "ul", "table", "tbody", "td", "th", "thead", "tr"),
]
SAFE_ATTRIBUTES = {"*": ["class", "id"], "a": ["href", "class"]}

_shared: list[Executor] = []


def shared_executor() -> Executor:
    """Return the executor of this process, so that torch is imported once for a whole class."""
    if not _shared:
        _shared.append(ForkExecutor())
        atexit.register(_shared[0].close)
    return _shared[0]


class NormaliseRelease(NbGraderPreprocessor):
    """Leave in a student version only metadata that is the same on every machine."""

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


class RunSubmission(NbGraderPreprocessor):
    """Stands in for nbgrader's ``Execute``: fills the outputs of the cells that are graded."""

    cell_seconds = Float(30.0, help="Seconds that one cell may take.").tag(config=True)
    notebook_seconds = Float(300.0, help="Seconds that a whole notebook may take.").tag(config=True)
    check_seed = Integer(
        None,
        allow_none=True,
        help="Seed of the inputs that the checks draw. If None, a new one for each submission, which is "
        "stored in the autograded notebook's metadata.",
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Run the set-up, solution and test cells; every other cell stays without output."""
        seed = self.check_seed if self.check_seed is not None else random.SystemRandom().randrange(2**31)
        limits = Limits(cell_seconds=self.cell_seconds, notebook_seconds=self.notebook_seconds)
        solutions = {grade_id(cell): cell.source for cell in nb.cells if is_solution(cell)}
        submission = Submission(resources["nbgrader"]["student"], solutions)
        lecture = resources["nbgrader"]["assignment"]
        record = grade_submission(
            nb, submission, shared_executor(), lecture=lecture, seed=seed, limits=limits
        )
        return judged_notebook(nb, record), resources


class RedactHiddenTests(NbGraderPreprocessor):
    """In feedback, a hidden test shows its comment and whether it passed; nothing else."""

    def preprocess_cell(self, cell: NotebookNode, resources: dict, index: int) -> tuple[NotebookNode, dict]:
        """Replace source and outputs of a hidden test; show other cells' outputs as text."""
        if cell.cell_type != "code":
            return cell, resources
        if is_test(cell) and is_hidden(cell):
            passed = not any(output.output_type == "error" for output in cell.outputs)
            cell.source = without_hidden_tests(cell.source).strip()
            verdict = "✓ passed" if passed else "✗ did not pass"
            cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=f"{verdict}\n")]
        else:
            cell.outputs = [_as_text(output) for output in cell.outputs]
        return cell, resources


def _as_text(output: NotebookNode) -> NotebookNode:
    """Drop HTML and scripts from what a submission displayed: its page is opened by others."""
    if "data" in output:
        output.data = nbformat.from_dict({"text/plain": output.data.get("text/plain", "")})
    return output


class FeedbackExporter(HTMLExporter):
    """Writes a page in which a submission's texts cannot run scripts."""

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        """Turn Markdown into HTML and escape whatever is no plain formatting."""
        html = super().markdown2html(context, source)
        return bleach.clean(html, tags=SAFE_TAGS, attributes=SAFE_ATTRIBUTES)
