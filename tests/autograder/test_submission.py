"""Reading what was handed in: whatever it is, it becomes solution texts, remarks or one sentence."""

import base64
import json
import time
from copy import deepcopy

import nbformat
import pytest
from handed_in import DOUBLE, MEAN, SOURCE, handed_in_notebook, reader, remark
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell
from toy_course import cell_of

from autograder.notebooks.course import Course, read_notebook
from autograder.submission.record import RemarkKind
from autograder.submission.submission import read_submission, submission_from_notebook


@pytest.fixture
def handed_in():
    return handed_in_notebook()


@pytest.fixture
def folder(course, lecture):
    """A student's empty folder for the toy lecture."""
    path = course.root / "submitted" / "ann" / lecture.folder
    path.mkdir(parents=True)
    return path


@pytest.fixture
def read(folder, lecture):
    return reader(folder, lecture)


def test_the_texts_of_the_solution_cells_are_taken_and_nothing_is_remarked(read, handed_in):
    submission = read(nbformat.writes(handed_in))
    assert submission.solutions == {"double": DOUBLE, "mean": MEAN}
    assert submission.student == "ann" and submission.remarks == () and submission.failure == ""


@pytest.mark.parametrize("lecture", Course.find().lectures(), ids=lambda lecture: lecture.folder)
def test_every_released_notebook_is_read_without_a_remark(lecture, tmp_path):
    (tmp_path / lecture.student_version.name).write_bytes(lecture.student_version.read_bytes())
    submission = read_submission(tmp_path, read_notebook(lecture.source), lecture, "ann")
    assert submission.solutions and not submission.remarks and not submission.failure


def test_a_manually_graded_answer_in_markdown_is_taken(notebook, handed_in):
    role = {**cell_of(notebook, "double").metadata.nbgrader, "grade": True, "points": 3, "grade_id": "essay"}
    for book in (notebook, handed_in):
        book.cells.append(nbformat.v4.new_markdown_cell("My answer.", metadata={"nbgrader": role}))
    submission = submission_from_notebook(handed_in, notebook, "ann")
    assert submission.solutions["essay"] == "My answer." and not submission.remarks


def test_the_digest_is_of_all_that_was_handed_in(read, handed_in):
    first, again = read(nbformat.writes(handed_in)).digest, read(nbformat.writes(handed_in)).digest
    handed_in.cells.append(new_code_cell("1"))
    assert first == again != read(nbformat.writes(handed_in)).digest
    assert len(first) == len(read("{").digest) == len(read("").digest) == 64


# Entries of any type and value anywhere.


@pytest.mark.parametrize("source", [7, None, {"a": 1}, ["x", 1], [["x"]], True])
def test_a_solution_that_is_no_text_costs_that_cell(handed_in, source):
    book = json.loads(nbformat.writes(handed_in))
    book["cells"][3]["source"] = source
    submission = submission_from_notebook(book, SOURCE, "ann")
    assert submission.solutions == {"mean": MEAN}
    assert "does not contain text" in remark(submission, RemarkKind.MISSING).for_student


def test_lone_surrogates_are_replaced_and_told(read, handed_in):
    text = nbformat.writes(handed_in).replace("return 2 * x", "# \\ud800 \\ud83d\\ude00 ∑\\n    return 2 * x")
    submission = read(text)
    assert submission.solutions["double"] == "def double(x):\n    # � 😀 ∑\n    return 2 * x"
    assert submission.solutions["double"].encode() and "�" in remark(submission, RemarkKind.NOTE).message


def test_entries_that_are_no_cells_are_left_out_with_a_remark(handed_in):
    book = json.loads(nbformat.writes(handed_in))
    book["cells"] += [None, 7, "cell", []]
    submission = submission_from_notebook(book, SOURCE, "ann")
    assert submission.solutions == {"double": DOUBLE, "mean": MEAN}
    assert remark(submission, RemarkKind.NOTE).message.startswith("4 entries")


def test_remarks_stay_few_and_short_however_much_there_is_to_remark_on(handed_in):
    book = json.loads(nbformat.writes(handed_in))
    cell = book["cells"][4]
    for number in range(3000):
        role = {**cell["metadata"]["nbgrader"], "grade_id": f"\x1b[31m{number}<script>" + "x" * 10_000}
        book["cells"].append({**cell, "metadata": {"nbgrader": role}})
    found = remark(submission_from_notebook(book, SOURCE, "ann"), RemarkKind.TAMPERING)
    assert len(found.message) < 1000 and found.message.isprintable() and "and 2994 more" in found.message


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KNOWN = st.sampled_from(
    [
        "double",
        "mean",
        "double_visible",
        "code",
        "markdown",
        "setup",
        True,
        1,
        0,
        -1,
        1e400,
        "\ud800",
        "",
        [],
        {},
    ]
)


def places(value, path=()):
    """Every path into JSON data."""
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*path, key))


@st.composite
def mutated(draw):
    """The handed-in notebook with up to five entries replaced, deleted or doubled."""
    book = json.loads(nbformat.writes(handed_in_notebook()))
    for _ in range(draw(st.integers(1, 5))):
        path = draw(st.sampled_from([path for path in places(book) if path]))
        parent = book
        for key in path[:-1]:
            parent = parent[key]
        what = draw(st.sampled_from(["replace", "delete", "double"]))
        if what == "replace":
            parent[path[-1]] = draw(VALUES | KNOWN)
        elif what == "delete":
            del parent[path[-1]]
        elif isinstance(parent, list):
            parent.insert(draw(st.integers(0, len(parent))), deepcopy(parent[path[-1]]))
    return book


def texts_in(book):
    cells = book.get("cells") if isinstance(book, dict) else None
    for cell in cells if isinstance(cells, list) else []:
        source = cell.get("source") if isinstance(cell, dict) else None
        try:
            yield source if isinstance(source, str) else "".join(source)
        except TypeError:
            yield ""


@given(mutated())
def test_no_mutation_raises_or_adds_a_text_that_is_not_there(book):
    submission = submission_from_notebook(book, SOURCE, "ann")
    there = {text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for text in texts_in(book)}
    assert set(submission.solutions.values()) <= there
    assert submission.solutions.keys() <= {"double", "mean"}
    assert all(found.message.isprintable() and len(found.message) < 2000 for found in submission.remarks)
    json.dumps([submission.solutions, submission.failure]).encode()


@given(st.binary(max_size=200) | mutated().map(lambda book: json.dumps(book).encode()), st.data())
def test_no_file_raises(tmp_path_factory, data, draws):
    folder = tmp_path_factory.mktemp("submitted")
    cut = draws.draw(st.integers(0, len(data)))
    (folder / "toy.ipynb").write_bytes(data[:cut] + draws.draw(st.binary(max_size=4)) + data[cut:])
    lecture = Course.find().lectures()[0]
    submission = read_submission(folder, SOURCE, lecture, "ann")
    assert submission.digest and (submission.failure or submission.solutions)


def test_a_notebook_of_100_kilobytes_is_read_in_little_processor_time(read, handed_in, benchmark_seconds):
    picture = base64.b64encode(bytes(75_000)).decode()
    output = nbformat.v4.new_output("display_data", {"image/png": picture})
    cell_of(handed_in, "demo").outputs = [output]
    read(nbformat.writes(handed_in))
    assert benchmark_seconds(read) < 0.1  # 0.005 s; a second, if the output were validated


@pytest.fixture
def benchmark_seconds():
    """The least processor time of several runs, which a busy machine disturbs least."""
    from timeit import repeat

    return lambda call: min(repeat(call, timer=time.process_time, number=1, repeat=20))
