"""Reading what was handed in: whatever it is, it becomes solution texts, remarks or one sentence."""

import base64
import json
import os
from copy import deepcopy

import nbformat
import pytest
from conftest import cell_of, toy_notebook
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell
from nbgrader.utils import compute_checksum

from autograder.course import Course, read_notebook
from autograder.exercises import is_test, without_hidden_tests
from autograder.record import RemarkKind
from autograder.runs import files
from autograder.runs.submission import MAX_TEXT, read_submission, submission_from_notebook

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
    """Read what lies in the folder, after writing this text or these bytes into the notebook's file."""

    def read(content=None):
        if content is not None:
            data = content.encode() if isinstance(content, str) else content
            (folder / "toy.ipynb").write_bytes(data)
        return read_submission(folder, SOURCE, lecture, "ann")

    return read


def taken(notebook):
    return submission_from_notebook(json.loads(nbformat.writes(notebook)), SOURCE, "ann")


def remark(submission, kind):
    """The only remark, which is of this kind."""
    (only,) = submission.remarks
    assert only.kind == kind
    return only


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


# What honest students, editors and nbgrader do.


def _executed(notebook):
    for number, cell in enumerate(c for c in notebook.cells if c.cell_type == "code"):
        cell.execution_count = number
        cell.outputs = [nbformat.v4.new_output("stream", text="x\n")]


def _added(notebook):
    notebook.cells.insert(3, new_code_cell("print(2)", metadata={"tags": ["mine"], "jupyter": {"a": 1}}))
    notebook.cells.append(nbformat.v4.new_markdown_cell("a note"))


def _white_space(notebook):
    for cell in notebook.cells:
        cell.source = "".join(f"{line}  \r\n" for line in cell.source.split("\n")) + "\n"


def _formatted(notebook):
    cell = cell_of(notebook, "double_visible")
    cell.source = cell.source.replace('("', "(\n    '").replace('",', "',  # two\n")


def _tagged(notebook):
    for cell in notebook.cells:
        cell.metadata.tags = [*cell.metadata.get("tags", []), "remove_input"]
        cell.metadata.editable, cell.metadata.slideshow = True, {"slide_type": ""}


def _without_ids_and_checksums(notebook):
    for cell in notebook.cells:
        del cell["id"]
        cell.metadata.get("nbgrader", {}).pop("checksum", None)
        cell.metadata.get("nbgrader", {}).pop("task", None)


@pytest.mark.parametrize(
    "change", [_executed, _added, _white_space, _formatted, _tagged, _without_ids_and_checksums]
)
def test_what_honest_students_and_their_editors_do_is_not_remarked_on(handed_in, change):
    change(handed_in)
    submission = submission_from_notebook(json.loads(json.dumps(handed_in)), SOURCE, "ann")
    assert not submission.remarks and not submission.failure
    assert submission.solutions.keys() == {"double", "mean"}


def test_a_test_of_an_older_release_is_not_called_tampering(handed_in):
    cell = cell_of(handed_in, "double_visible")
    cell.source += "\nassert True"
    cell.metadata.nbgrader.checksum = compute_checksum(cell)
    assert "another release" in remark(taken(handed_in), RemarkKind.NOTE).message


# What is reported, and not obeyed.


def _edit_test(notebook):
    cell_of(notebook, "double_visible").source = "pass"


def _empty_hidden_test(notebook):
    cell_of(notebook, "mean_hidden").source = "mean = lambda values: 4.0"


def _raise_points(notebook):
    cell_of(notebook, "double_visible").metadata.nbgrader.points = 400


def _points_as_text(notebook):
    cell_of(notebook, "double_visible").metadata.nbgrader.points = "1"


def _unlock(notebook):
    cell_of(notebook, "double_visible").metadata.nbgrader.locked = False


def _grade_the_solution(notebook):
    cell_of(notebook, "double").metadata.nbgrader.update(grade=True, points=5)


def _test_as_markdown(notebook):
    cell = cell_of(notebook, "double_visible")
    cell.cell_type = "markdown"
    del cell["outputs"], cell["execution_count"]


def _rename(notebook):
    cell_of(notebook, "double_visible").metadata.nbgrader.grade_id = "triple_visible"


def _another_graded_cell(notebook):
    cell = deepcopy(cell_of(notebook, "double_visible"))
    cell.id, cell.source, cell.metadata.nbgrader.grade_id = "bonus", "1000", "bonus"
    notebook.cells.append(cell)


def _swap(notebook):
    notebook.cells[3], notebook.cells[8] = notebook.cells[8], notebook.cells[3]


def _show_hidden_test(notebook):
    cell_of(notebook, "double_hidden").source = cell_of(SOURCE, "double_hidden").source


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_edit_test, "the text of double_visible was changed"),
        (_empty_hidden_test, "the text of mean_hidden was changed"),
        (_raise_points, "double_visible (points 400 for 1)"),
        (_points_as_text, "double_visible (points '1' for 1)"),
        (_unlock, "double_visible (locked)"),
        (_grade_the_solution, "double (grade)"),
        (_test_as_markdown, "double_visible (cell type 'markdown')"),
        (_rename, "double_visible (now 'triple_visible')"),
        (_another_graded_cell, "graded cells that the lecture does not have count nothing: 'bonus'"),
        (_swap, "cells were moved"),
        (_show_hidden_test, "what is hidden in double_hidden is in the notebook"),
    ],
)
def test_tampering_is_remarked_on_and_changes_no_solution_text(handed_in, change, said):
    change(handed_in)
    submission = taken(handed_in)
    found = remark(submission, RemarkKind.TAMPERING)
    assert said in found.message and found.for_student == ""
    assert submission.solutions == {"double": DOUBLE, "mean": MEAN}


def test_a_missing_test_is_remarked_on(handed_in):
    handed_in.cells.remove(cell_of(handed_in, "double_visible"))
    found = remark(taken(handed_in), RemarkKind.MISSING)
    assert "double_visible" in found.message and "double_visible" in found.for_student


def test_a_missing_solution_cell_is_remarked_on_and_the_rest_is_taken(handed_in):
    handed_in.cells.remove(cell_of(handed_in, "double"))
    submission = taken(handed_in)
    assert submission.solutions == {"mean": MEAN}
    assert "solution cell double" in remark(submission, RemarkKind.MISSING).for_student


def test_of_a_cell_that_was_split_the_first_part_counts_and_both_are_told(handed_in):
    second = deepcopy(cell_of(handed_in, "double"))
    second.source, second.id = "    return 3 * x", "double-2"
    handed_in.cells.insert(4, second)
    submission = taken(handed_in)
    assert submission.solutions["double"] == DOUBLE
    found = remark(submission, RemarkKind.NOTE)
    assert "2 times (cells 4 and 5); the first one counts" in found.message and found.for_student


def test_a_solution_cell_of_another_type_is_taken_with_a_remark(handed_in):
    cell = cell_of(handed_in, "double")
    cell.cell_type = "raw"
    del cell["outputs"], cell["execution_count"]
    submission = taken(handed_in)
    assert submission.solutions["double"] == DOUBLE
    assert remark(submission, RemarkKind.NOTE).for_student


def test_solution_cells_of_another_lecture_are_a_note(handed_in):
    cell = deepcopy(cell_of(handed_in, "double"))
    cell.id, cell.metadata.nbgrader.grade_id = "elbo", "elbo"
    handed_in.cells.append(cell)
    notes = [found.message for found in taken(handed_in).remarks if found.kind == RemarkKind.NOTE]
    assert "cells of another lecture or release count nothing: 'elbo'" in notes


def test_another_lectures_notebook_is_a_failure_in_words(handed_in):
    for cell in handed_in.cells:
        cell.metadata.pop("nbgrader", None)
    submission = taken(handed_in)
    assert "none of this lecture's solution cells" in submission.failure
    assert submission.failure_for_student and not submission.solutions


def test_a_changed_set_up_cell_is_a_note_to_the_student(handed_in):
    cell_of(handed_in, "setup").source += "\nimport torch"
    found = remark(taken(handed_in), RemarkKind.NOTE)
    assert "set-up" in found.message and "solution cell" in found.for_student


# What is defined where grading does not look.


def with_cell(handed_in, text, answer):
    handed_in.cells.insert(2, new_code_cell(text))
    cell_of(handed_in, "double").source = answer
    return taken(handed_in)


@pytest.mark.parametrize(
    "text",
    [
        "def helper(x): return x",
        "class helper: pass",
        "from math import sqrt as helper",
        "helper = 2",
        "%matplotlib inline\nfor helper in range(3):\n    pass",
    ],
)
def test_what_a_solution_uses_and_an_ungraded_cell_defines_is_told(handed_in, text):
    submission = with_cell(handed_in, text, "def double(x):\n    return [helper(y) for y in x]")
    found = remark(submission, RemarkKind.NOTE)
    assert found.message == (
        "solution cell double uses helper, which is defined in a cell that is not graded (cell 3)"
    )
    assert found.for_student == (
        "helper is defined in a cell that is not graded (cell 3); define it inside the solution cell double."
    )


def test_of_many_names_that_ungraded_cells_define_the_first_are_told(handed_in):
    names = [f"helper_{number}" for number in range(100)]
    submission = with_cell(
        handed_in, " = ".join(names) + " = 1", f"def double(x): return [{','.join(names)}]"
    )
    assert 1 < len(submission.remarks) <= 10


@pytest.mark.parametrize(
    "answer",
    [
        "def double(x):\n    helper = 2\n    return helper * x",
        "def double(x, helper=2):\n    return helper * x",
        "def double(x):\n    def helper(y): return 2 * y\n    return helper(x)",
        "import math as helper\ndef double(x):\n    return helper.fsum([x, x])",
        "def double(x):\n    return x.helper",
        "def double(x):\n    return sum(helper for helper in (x, x))",
        "def double(x:",
        "\0",
    ],
)
def test_a_solution_that_has_the_name_itself_gets_no_note(handed_in, answer):
    assert with_cell(handed_in, "def helper(x): return x", answer).remarks == ()


def test_what_the_set_up_or_another_solution_defines_gets_no_note(handed_in):
    answer = "def double(x):\n    return math.fsum([mean([x]), len([x]) * x])"
    assert with_cell(handed_in, "import math\nmean = len = 1", answer).remarks == ()


def test_an_import_that_was_added_to_the_set_up_cell_is_told(handed_in):
    cell_of(handed_in, "setup").source += "\nimport itertools"
    cell_of(handed_in, "double").source = "def double(x):\n    return itertools.count(x)"
    told = [found.for_student for found in taken(handed_in).remarks]
    assert any(text.startswith("itertools is defined in a cell that is not graded") for text in told)


def test_an_answer_in_a_cell_of_its_own_is_told(handed_in):
    submission = with_cell(handed_in, DOUBLE, "def double(x):\n    raise NotImplementedError")
    found = remark(submission, RemarkKind.NOTE)
    assert found.for_student.startswith("You define double in cell 3, which is not graded")


# Files that are no notebooks of format 4 in UTF-8, and folders.


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "it is empty"),
        (" \n\0\0", "it is empty"),
        ('{"cells": [', "it breaks off before its end"),
        ("import torch\n", "it is not JSON"),
        ("[]", "no nbformat entry"),
        ("null", "no nbformat entry"),
        ("1" * 5000, "it is not JSON"),
        ('{"nbformat": 5, "cells": []}', "its format is 5, not 4"),
        ('{"nbformat": 2, "worksheets": []}', "its format is 2, not 4"),
        ('{"nbformat": true, "cells": []}', "its format is True, not 4"),
        ('{"nbformat": "4", "cells": []}', "its format is no number, not 4"),
        ('{"nbformat": 3, "worksheets": 7}', "converting it failed"),
        ('{"nbformat": 3, "worksheets": [' + "{}," * 50_000 + "{}]}", "its format is 3, not 4"),
        ('{"nbformat": 4}', "no list of cells"),
        ('{"nbformat": 4, "cells": {}}', "no list of cells"),
        ("[" * 100_000, "its JSON is nested too deeply"),
        ('{"nbformat": 4, "cells": [' + "[]," * 1_000_000 + "[]]}", "lists and objects, more than 1000000"),
        ('{"nbformat": 4, "cells": [' + "1," * 5000 + "1]}", "it has 5001 cells, more than 5000"),
        ('{"a": 1,\n<<<<<<< HEAD\n>>>>>>> mine\n}', "merge conflict"),
        (b"PK\x03\x04 ...", "it is a zip archive"),
        ("<!DOCTYPE html>", "it is a web page"),
        ('{"é": 1}'.encode("latin-1"), "it is not text in UTF-8"),
        (b"\xff\xfe{\0}", "it is not text in UTF-8"),
    ],
)
def test_a_file_that_is_no_notebook_is_one_sentence_for_each_reader(read, content, said):
    submission = read(content)
    assert submission.failure.startswith("ann/03_toy/toy.ipynb is not a notebook: ")
    assert said in submission.failure and said in submission.failure_for_student
    assert "submitted" not in submission.failure_for_student
    assert "\n" not in submission.failure and len(submission.failure) < 250
    assert submission.solutions == {}


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"], ids=lambda name: name
)
def test_other_encodings_are_read_with_a_remark(read, handed_in, encoding):
    submission = read(nbformat.writes(handed_in).encode(encoding))
    assert submission.solutions["mean"] == MEAN
    assert "stored as UTF" in remark(submission, RemarkKind.NOTE).for_student


def test_a_notebook_of_format_3_is_converted_with_a_remark(read, handed_in):
    submission = read(nbformat.writes(nbformat.convert(handed_in, 3), version=3))
    assert submission.solutions == {"double": DOUBLE, "mean": MEAN}
    assert "format 3" in remark(submission, RemarkKind.NOTE).for_student


def test_a_file_above_the_limit_is_refused_unread(read, folder, monkeypatch):
    with (folder / "toy.ipynb").open("wb") as file:
        file.truncate(files.MAX_BYTES + 1)
    monkeypatch.setattr(files.json, "loads", None)
    submission = read()
    assert "too large: 20 MB, and the limit is 20 MB" in submission.failure
    assert "clear the outputs" in submission.failure_for_student


def test_megabytes_of_text_in_a_solution_cell_cost_that_cell(handed_in):
    cell_of(handed_in, "double").source = "#" * (MAX_TEXT + 1)
    submission = taken(handed_in)
    assert submission.solutions == {"mean": MEAN}
    assert "200,001 characters" in remark(submission, RemarkKind.MISSING).for_student


def test_the_one_notebook_of_another_name_is_taken_with_a_remark(read, folder, handed_in):
    (folder / "toy (1).ipynb").write_text(nbformat.writes(handed_in))
    (folder / "._toy.ipynb").write_text("what macOS leaves in archives")
    (folder / ".ipynb_checkpoints").mkdir()
    submission = read()
    assert submission.solutions["double"] == DOUBLE
    assert "name it toy.ipynb" in remark(submission, RemarkKind.NOTE).for_student


def test_of_several_notebooks_of_other_names_none_is_guessed(read, folder):
    for name in ("a.ipynb", "b.ipynb"):
        (folder / name).write_text("{}")
    submission = read()
    assert "holds 2 notebooks, 'a.ipynb' and 'b.ipynb', and none is called toy.ipynb" in submission.failure
    assert submission.failure_for_student


def test_other_notebooks_beside_the_right_one_are_remarked_on(read, folder, handed_in):
    (folder / "copy.ipynb").write_text("{}")
    submission = read(nbformat.writes(handed_in))
    assert submission.solutions["double"] == DOUBLE
    assert "copy.ipynb" in remark(submission, RemarkKind.NOTE).message


def test_a_folder_without_a_notebook_is_a_sentence_that_says_what_it_holds(read, folder):
    (folder / "report.pdf").write_text("")
    assert "no notebook toy.ipynb: it holds 'report.pdf'" in read().failure
    (folder / "report.pdf").unlink()
    assert "it is empty" in read().failure
    folder.rmdir()
    submission = read()
    assert "nothing was handed in" in submission.failure
    assert submission.failure_for_student == "Nothing was handed in."


def _link(path, folder):
    target = folder.parent / "target.ipynb"
    target.write_text(nbformat.writes(handed_in_notebook()))
    path.symlink_to(target)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_link, "is a symbolic link"),
        (lambda path, _: path.symlink_to("/nowhere"), "is a symbolic link"),
        (lambda path, _: os.mkfifo(path), "is a device or a pipe"),
        (lambda path, _: path.symlink_to("/dev/zero"), "is a symbolic link"),
        (lambda path, _: path.mkdir(), "is a folder"),
    ],
    ids=["link", "dangling", "pipe", "device", "folder"],
)
def test_links_pipes_and_folders_are_refused_at_once(read, folder, make, said):
    make(folder / "toy.ipynb", folder)
    submission = read()
    assert said in submission.failure and not submission.solutions


@pytest.mark.parametrize("which", ["lecture", "student"])
def test_a_folder_that_is_a_link_is_not_followed(read, folder, handed_in, which):
    read(nbformat.writes(handed_in))
    link = folder if which == "lecture" else folder.parent
    elsewhere = link.rename(link.parent / "elsewhere")
    link.symlink_to(elsewhere)
    submission = read()
    assert "is a symbolic link, which is not followed" in submission.failure and not submission.solutions


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_a_sentence(read, folder):
    (folder / "toy.ipynb").touch(mode=0)
    assert "Permission denied" in read().failure


# Entries of any type and value anywhere.


@pytest.mark.parametrize("source", [7, None, {"a": 1}, ["x", 1], [["x"]], True])
def test_a_solution_that_is_no_text_costs_that_cell(handed_in, source):
    book = json.loads(nbformat.writes(handed_in))
    book["cells"][3]["source"] = source
    submission = submission_from_notebook(book, SOURCE, "ann")
    assert submission.solutions == {"mean": MEAN}
    assert "no text" in remark(submission, RemarkKind.MISSING).for_student


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


def test_a_notebook_of_100_kilobytes_is_read_in_ten_milliseconds(read, handed_in, benchmark_seconds):
    picture = base64.b64encode(bytes(75_000)).decode()
    output = nbformat.v4.new_output("display_data", {"image/png": picture})
    cell_of(handed_in, "demo").outputs = [output]
    read(nbformat.writes(handed_in))
    assert benchmark_seconds(read) < 0.01


@pytest.fixture
def benchmark_seconds():
    """The shortest of several runs, which a busy machine disturbs least."""
    from timeit import repeat

    return lambda call: min(repeat(call, number=1, repeat=20))
