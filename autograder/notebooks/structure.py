"""Check the structure of a source notebook before anything in it is run."""

from __future__ import annotations

import ast
import builtins
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from nbformat import NotebookNode

from autograder.notebooks.exercises import (
    HIDDEN_BEGIN,
    HIDDEN_END,
    SOLUTION_BEGIN,
    SOLUTION_END,
    Exercise,
    exercises,
    grade_id,
    is_hidden,
    is_setup,
    is_solution_code,
    is_test,
    parsed,
    regions,
    without_hidden_tests,
)

TEST_ROLE = {"schema_version": 3, "grade": True, "solution": False, "locked": True, "task": False}
SOLUTION_ROLE = {"schema_version": 3, "grade": False, "solution": True, "locked": False, "task": False}
POINTS = re.compile(r"(\d+(?:\.\d+)?) points?\b")
DEFINITIONS = ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def structure_problems(notebook: NotebookNode) -> list[str]:
    """Return a sentence for each rule that the structure of the exercises breaks."""
    found = list(_cell_problems(notebook))
    items = exercises(notebook)
    if not items:
        found.append("the notebook has no exercise")
    defined = _names_of_setup(notebook)
    for exercise in items.values():
        found += _exercise_problems(exercise, _card(notebook, exercise))
        for cell in exercise.tests:
            found += _test_problems(cell, exercise, defined)
    return found


def _cell_problems(notebook: NotebookNode) -> Iterator[str]:
    setups = [i for i, cell in enumerate(notebook.cells) if is_setup(cell)]
    graded = [i for i, cell in enumerate(notebook.cells) if is_test(cell) or is_solution_code(cell)]
    if len(setups) != 1:
        yield f"exactly one cell must be tagged 'setup', got {len(setups)}"
    elif graded and graded[0] < setups[0]:
        yield "the setup cell must be before the first exercise"
    ids = Counter(grade_id(cell) for cell in notebook.cells if "nbgrader" in cell.metadata)
    yield from (f"the grade_id {name!r} is used {n} times" for name, n in ids.items() if n > 1)
    for index, cell in enumerate(notebook.cells):
        by_hand = any(cell.metadata.get("nbgrader", {}).get(role) for role in ("solution", "task"))
        if "nbgrader" in cell.metadata and index not in graded and not by_hand:
            yield f"cell {grade_id(cell)!r} has nbgrader metadata, but is neither a solution nor a test"


def _exercise_problems(exercise: Exercise, card: str) -> Iterator[str]:
    hidden = [is_hidden(cell) for cell in exercise.tests]
    if not (any(hidden) and not all(hidden)):
        yield f"exercise {exercise.name} needs a visible and a hidden test cell"
    stated = POINTS.search(card)
    if stated is None:
        yield f"exercise {exercise.name} has no card before it that states its points ('· 4 points')"
    elif float(stated[1]) != exercise.points:
        yield (
            f"the card of exercise {exercise.name} states {stated[1]} points, "
            f"its test cells give {exercise.points:g}"
        )
    if exercise.solution is None:
        yield f"exercise {exercise.name} has no solution cell"
        return
    yield from _role_problems(exercise.solution, SOLUTION_ROLE)
    source = exercise.solution.source
    if len(regions(source, SOLUTION_BEGIN, SOLUTION_END)) != 1:
        yield f"the solution cell of {exercise.name} needs one region {SOLUTION_BEGIN} … {SOLUTION_END}"
    defined = [node for node in parsed(source).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    if [node.name for node in defined] != [exercise.name]:
        yield f"the solution cell of {exercise.name} must define the function or class {exercise.name} and no other"


def _test_problems(cell: NotebookNode, exercise: Exercise, defined: set[str]) -> Iterator[str]:
    name = grade_id(cell)
    yield from _role_problems(cell, TEST_ROLE)
    points = cell.metadata.nbgrader.get("points")
    if not isinstance(points, int | float) or not points > 0:
        yield f"the points of test cell {name} must be more than 0, got {points!r}"
    if is_hidden(cell):
        shown = without_hidden_tests(cell.source).strip()
        if not shown or any(not line.startswith("#") for line in shown.splitlines() if line):
            yield f"hidden test {name} must be a comment, then the test between {HIDDEN_BEGIN} and {HIDDEN_END}"
        if HIDDEN_BEGIN not in cell.source:
            yield f"hidden test {name} has no region {HIDDEN_BEGIN}"
    tree = parsed(cell.source)
    if tree.body and isinstance(tree.body[-1], ast.Expr) and _calls(tree.body[-1].value, exercise.name):
        yield f"test cell {name} ends with a call of {exercise.name}, whose value would be partial credit: name it"
    nodes = list(ast.walk(tree))
    if any(isinstance(node, DEFINITIONS) for node in nodes):
        yield f"test cell {name} contains a lambda, def or class, which cannot cross into another process"
    names = [node for node in nodes if isinstance(node, ast.Name)]
    bound = {node.id for node in names if isinstance(node.ctx, ast.Store)} | _imported(nodes)
    unknown = {node.id for node in names} - bound - defined - {exercise.name} - set(vars(builtins))
    for other in sorted(unknown):
        yield (
            f"test cell {name} uses {other!r}, which is neither imported by the setup cell "
            f"nor the function {exercise.name}"
        )


def _calls(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _role_problems(cell: NotebookNode, role: dict[str, object]) -> Iterator[str]:
    for key, value in role.items():
        if cell.metadata.nbgrader.get(key) != value:
            yield f"cell {grade_id(cell)} must have nbgrader's {key} = {value}"


def _card(notebook: NotebookNode, exercise: Exercise) -> str:
    """Return the text of the last ``### Exercise`` card before an exercise's first cell."""
    card = ""
    for cell in notebook.cells:
        if cell is exercise.solution or any(cell is test for test in exercise.tests):
            return card
        if is_test(cell) or is_solution_code(cell):
            card = ""
        elif cell.cell_type == "markdown" and "### Exercise" in cell.source:
            card = cell.source.rpartition("### Exercise")[2]  # a heading or a sentence may come before
    return card


def _names_of_setup(notebook: NotebookNode) -> set[str]:
    names = set()
    for cell in filter(is_setup, notebook.cells):
        nodes = list(ast.walk(parsed(cell.source)))
        names |= _imported(nodes)
        for node in nodes:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                names.add(node.name)
    return names


def _imported(nodes: Iterable[ast.AST]) -> set[str]:
    aliases = [node for node in nodes if isinstance(node, ast.alias)]
    return {(alias.asname or alias.name).split(".")[0] for alias in aliases}
