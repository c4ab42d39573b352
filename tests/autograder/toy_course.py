"""A toy course with one lecture, so that these tests do not depend on the real lectures."""

import shutil
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.notebooks.course import Course, Lecture

REPOSITORY = Path(__file__).resolve().parents[2]
SETUP = """import math
from dgm_helpers import checks"""
DOUBLE = '''def double(x: float) -> float:
    """Return 2 x."""
    ### BEGIN SOLUTION
    twice_the_value = 2 * x  # long enough to be recognized elsewhere
    return twice_the_value
    ### END SOLUTION'''
MEAN = '''def mean(values: list[float]) -> float:
    """Return the arithmetic mean."""
    ### BEGIN SOLUTION
    return math.fsum(values) / len(values)
    ### END SOLUTION'''
ANSWERS = {
    "double/right_sum.py": "# The sum of two equal terms.\ndef double(x):\n    return x + x\n",
    "double/right_shift.py": "# Ten times a fifth.\ndef double(x):\n    return x * 10 / 5\n",
    "double/wrong_square.py": "# The square.\ndef double(x):\n    return x * x\n",
    "double/wrong_sign.py": "# The sign is wrong.\ndef double(x):\n    return -2 * x\n",
    "double/wrong_abs.py": "# Right for positive numbers only.\ndef double(x):\n    return 2 * abs(x)\n",
    "double/wrong_half.py": "# Halves.\ndef double(x):\n    return x / 2\n",
    "mean/right_loop.py": "# A loop.\ndef mean(values):\n    total = 0.0\n    for value in values:\n"
    "        total += value / len(values)\n    return total\n",
    "mean/right_builtin.py": "# Python's sum.\ndef mean(values):\n    return sum(values) / len(values)\n",
    "mean/wrong_sum.py": "# Forgets to divide.\ndef mean(values):\n    return sum(values)\n",
    "mean/wrong_median.py": "# The median.\ndef mean(values):\n    return sorted(values)[len(values) // 2]\n",
    "mean/wrong_first.py": "# The first.\ndef mean(values):\n    return values[0]\n",
    "mean/wrong_unbiased.py": "# Divides by n + 1.\ndef mean(values):\n    return sum(values) / (len(values) + 1)\n",
}


def solution_cell(name: str, source: str):
    """Return a solution cell as the lectures have it."""
    role = {"schema_version": 3, "grade": False, "solution": True, "locked": False, "task": False}
    return new_code_cell(source, id=name, metadata={"nbgrader": {**role, "grade_id": name}})


def test_cell(name: str, source: str, points: float):
    """Return a test cell as the lectures have it; hidden if its name says so."""
    role = {"schema_version": 3, "grade": True, "solution": False, "locked": True, "task": False}
    if "_hidden" in name:
        source = f"# The same on other inputs.\n### BEGIN HIDDEN TESTS\n{source}\n### END HIDDEN TESTS"
    metadata = {"nbgrader": {**role, "grade_id": name, "points": points}}
    return new_code_cell(source, id=name, metadata=metadata)


test_cell.__test__ = False


def card(number: str, points: int):
    """Return the card of an exercise."""
    return new_markdown_cell(
        f"### Exercise {number} · Title\n\n●○○ · 10 min · {points} points", id=f"card-{number}"
    )


def toy_notebook():
    """Return a notebook with two exercises, `double` (1 + 2 points) and `mean` (2 + 2 points)."""
    cells = [
        new_markdown_cell("# Toys", id="title"),
        new_code_cell(SETUP, id="setup", metadata={"tags": ["setup"]}),
        card("1", 3),
        solution_cell("double", DOUBLE),
        test_cell("double_visible", 'checks.equal("2x", double(2.0), 4.0)', 1),
        test_cell("double_hidden", 'checks.equal("2x", double(-3.0), -6.0)', 2),
        new_code_cell("raise RuntimeError('demonstrations are not graded')", id="demo"),
        card("2", 4),
        solution_cell("mean", MEAN),
        test_cell("mean_visible", 'checks.equal("mean", mean([1.0, 2.0, 6.0]), 3.0)', 2),
        test_cell("mean_hidden", 'checks.equal("mean", mean([4.0, 1.0, 2.0, 9.0]), 4.0)', 2),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def cell_of(notebook, cell_id):
    """Return the cell with this id."""
    return next(cell for cell in notebook.cells if cell.id == cell_id)


def write_source(lecture: Lecture, notebook) -> None:
    """Store a notebook as the source of a lecture."""
    lecture.source.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, lecture.source)


def make_course(root: Path) -> Course:
    """Write a course with the toy lecture 03 and its answer bank into a folder."""
    shutil.copy(REPOSITORY / "nbgrader_config.py", root)
    lecture = Lecture(root, "03_toy")
    write_source(lecture, toy_notebook())
    for name, text in ANSWERS.items():
        path = lecture.answers / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Course(root)
