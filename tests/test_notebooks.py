"""Every notebook is built the way CONTRIBUTING.md says, and every student version runs up to its first exercise."""

import re
from pathlib import Path

import nbclient
import nbformat
import pytest

from autograder.notebooks.course import Course, Lecture
from autograder.notebooks.exercises import exercise_of, is_hidden

LECTURES = Course.find(Path(__file__).parents[1]).lectures()
ORDER = (
    "set up",
    "experiment",
    "play",
    "what .* report",
    "self-quiz",
    "summary",
    "errata",
    "further reading",
    "what's next",
)
MOST_CELLS, MOST_LINES, MOST_BYTES = 60, 25, 1_000_000


def by_folder(lecture: Lecture) -> str:
    return lecture.folder


@pytest.fixture(params=LECTURES, ids=by_folder)
def notebook(request: pytest.FixtureRequest) -> nbformat.NotebookNode:
    return nbformat.read(request.param.source, as_version=4)


def text_of(notebook: nbformat.NotebookNode, kind: str) -> str:
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == kind)


def test_there_are_lectures() -> None:
    assert LECTURES


def test_sections_stand_in_order(notebook: nbformat.NotebookNode) -> None:
    headings = re.findall(r"^## (.*)$", text_of(notebook, "markdown"), re.MULTILINE)
    found = [
        next((i for i, h in enumerate(headings) if re.match(section, h.lower())), None) for section in ORDER
    ]
    assert None not in found, f"no section {ORDER[found.index(None)]!r} among {headings}"
    assert found == sorted(found), headings
    assert notebook.cells[0].source.startswith("# ")


def test_sizes(notebook: nbformat.NotebookNode) -> None:
    assert len(notebook.cells) <= MOST_CELLS
    for cell in notebook.cells:
        if cell.cell_type == "code" and not cell.metadata.get("nbgrader"):
            assert len(cell.source.splitlines()) <= MOST_LINES, cell.source
    assert sum(len(str(cell.get("outputs", ""))) for cell in notebook.cells) < MOST_BYTES
    assert "!pip" not in text_of(notebook, "code")


def test_one_setup_cell_of_at_most_five_lines(notebook: nbformat.NotebookNode) -> None:
    (cell,) = [cell for cell in notebook.cells if "setup" in cell.metadata.get("tags", [])]
    assert len([line for line in cell.source.splitlines() if line.strip()]) <= 5
    assert "set_up(seed=0)" in cell.source
    assert cell is next(cell for cell in notebook.cells if cell.cell_type == "code")


def test_executed_without_error_and_normalized(notebook: nbformat.NotebookNode) -> None:
    assert "widgets" not in notebook.metadata
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.execution_count is None
            assert not [o for o in cell.outputs if o.output_type == "error" or o.get("name") == "stderr"], (
                cell.source
            )
    printing = [cell for cell in notebook.cells if cell.cell_type == "code" and "print(" in cell.source]
    assert all(cell.outputs or cell.source.startswith("def ") or "def " in cell.source for cell in printing)


def test_every_picture_is_described(notebook: nbformat.NotebookNode) -> None:
    pictures = [
        o for cell in notebook.cells for o in cell.get("outputs", []) if "image/png" in o.get("data", {})
    ]
    assert pictures
    for output in pictures:
        described = output.metadata.get("image/png", {}).get("alt") or output.data["text/plain"]
        assert re.search(r"\w+ \w+ \w+", described), "a picture without a description"
        assert "<Figure size" not in described


def test_equations_are_numbered_once_and_references_lead_to_them(notebook: nbformat.NotebookNode) -> None:
    number = str(int(re.match(r"# (\d\d)", notebook.cells[0].source).group(1)))
    text = text_of(notebook, "markdown")
    tags = re.findall(r"\\tag\{([\d.]+[a-z]?)\}", text)
    assert tags
    assert len(tags) == len(set(tags)), "an equation number stands twice"
    referred = set(re.findall(rf"\(({number}\.\d+[a-z]?)\)", text + text_of(notebook, "code")))
    assert referred <= set(tags), f"no such equation: {sorted(referred - set(tags))}"


def test_each_exercise_has_a_card_with_hints(notebook: nbformat.NotebookNode) -> None:
    solutions = [
        i for i, cell in enumerate(notebook.cells) if cell.metadata.get("nbgrader", {}).get("solution")
    ]
    assert solutions
    for i in solutions:
        card = notebook.cells[i - 1]
        assert card.cell_type == "markdown"
        assert re.search(r"^### Exercise \d+\.\d+ · ", card.source, re.MULTILINE), card.source
        assert re.search(r"[●○]{3}.*\d+ min.*\d+ points", card.source), card.source
        assert 2 <= card.source.count("<details>") <= 3, card.source


def test_a_check_cell_is_a_title_and_one_call(notebook: nbformat.NotebookNode) -> None:
    for cell in notebook.cells:
        if not cell.metadata.get("nbgrader", {}).get("grade") or cell.cell_type != "code":
            continue
        lines = [line for line in cell.source.splitlines() if line and not line.startswith("### ")]
        exercise = exercise_of(cell)
        module, imported = ("hidden_checks", ["import hidden_checks"]) if is_hidden(cell) else ("check", [])
        assert len(lines) == 2 + len(imported), cell.source
        assert re.match(r"# [A-Z0-9].*\w", lines[0]), f"{lines[0]!r} is not the title of a check"
        assert lines[1:-1] == imported, cell.source
        assert re.fullmatch(rf"{module}\.\w+\({exercise}\)", lines[-1]), cell.source


def test_tags_that_switch_nbval_off_are_few(notebook: nbformat.NotebookNode) -> None:
    ignored = [
        cell for cell in notebook.cells if any(t.startswith("nbval-") for t in cell.metadata.get("tags", []))
    ]
    allowed = 1 if "installation.check()" in text_of(notebook, "code") else 0
    assert len(ignored) <= allowed, [cell.source for cell in ignored]


def text_outputs(cell: nbformat.NotebookNode) -> list[str]:
    """What a cell printed and returned, without its pictures."""
    printed = "".join(
        o.text for o in cell.outputs if o.output_type == "stream"
    )  # comes in pieces of any size
    results = [o.data.get("text/plain", "") for o in cell.outputs if o.output_type == "execute_result"]
    return [printed, *(text for text in results if "object at 0x" not in text and "model_id" not in text)]


@pytest.mark.notebook
@pytest.mark.parametrize("lecture", LECTURES, ids=by_folder)
def test_every_other_cell_can_be_run_again_after_all_checks(lecture: Lecture) -> None:
    """Nothing that a check cell or a later cell does changes what an earlier cell computes."""
    notebook = nbformat.read(lecture.source, as_version=4)
    client = nbclient.NotebookClient(notebook, timeout=1200, kernel_name="python3")
    again = [
        (index, cell)
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and not cell.metadata.get("nbgrader", {}).get("grade")
    ]
    with client.setup_kernel(cwd=str(lecture.source.parent)):
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
        first = {index: text_outputs(cell) for index, cell in again}
        for index, cell in again:
            client.execute_cell(cell, index)
            if not any(tag.startswith("nbval-") for tag in cell.metadata.get("tags", [])):
                assert text_outputs(cell) == first[index], cell.source


@pytest.mark.notebook
@pytest.mark.parametrize("lecture", LECTURES, ids=by_folder)
def test_student_version_runs_up_to_its_first_exercise(lecture: Lecture) -> None:
    student = nbformat.read(lecture.student_version, as_version=4)
    client = nbclient.NotebookClient(student, timeout=1200, kernel_name="python3")
    with pytest.raises(nbclient.exceptions.CellExecutionError) as raised:
        client.execute()
    assert raised.value.ename == "NotImplementedError"
    failed = next(
        i for i, c in enumerate(student.cells) if any(o.output_type == "error" for o in c.get("outputs", []))
    )
    first = next(i for i, c in enumerate(student.cells) if c.metadata.get("nbgrader", {}).get("grade"))
    assert failed == first, f"cell {failed} failed before the first check, cell {first}"
