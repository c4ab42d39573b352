"""A toy notebook as a student hands it in, and how it is read."""

import json

import nbformat
from nbgrader.utils import compute_checksum
from toy_course import cell_of, toy_notebook

from autograder.notebooks.exercises import is_test, without_hidden_tests
from autograder.submission.submission import read_submission, submission_from_notebook

DOUBLE = "def double(x):\n    return 2 * x"
MEAN = "def mean(values):\n    return math.fsum(values) / len(values)"
SOURCE = toy_notebook()


def handed_in_notebook():
    """The toy notebook as a student hands it in: no hidden tests, both solution cells filled in."""
    notebook = toy_notebook()
    for cell in notebook.cells:
        if is_test(cell):
            cell.source = without_hidden_tests(cell.source)
            cell.metadata.nbgrader.checksum = compute_checksum(cell)
    cell_of(notebook, "double").source = DOUBLE
    cell_of(notebook, "mean").source = MEAN
    return notebook


def taken(notebook):
    """Read a notebook that was handed in."""
    return submission_from_notebook(json.loads(nbformat.writes(notebook)), SOURCE, "ann")


def remark(submission, kind):
    """The only remark, which is of this kind."""
    (only,) = submission.remarks
    assert only.kind == kind
    return only


def reader(folder, lecture):
    """Read what lies in the folder, after writing this text or these bytes into the notebook's file."""

    def read(content=None):
        if content is not None:
            data = content.encode() if isinstance(content, str) else content
            (folder / "toy.ipynb").write_bytes(data)
        return read_submission(folder, SOURCE, lecture, "ann")

    return read
