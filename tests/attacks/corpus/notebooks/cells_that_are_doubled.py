# Each solution twice, wrong and right, and each test twice, with other points.
# wrong: double
import copy


def tamper(notebook):
    doubled = []
    for cell in notebook.cells:
        doubled += [cell, copy.deepcopy(cell)]
        doubled[-1]["id"] = cell["id"][:50] + "-again"
        if cell.id == "double":
            doubled[-1].source = "def double(x):\n    raise SystemExit('{marker}')"
        if cell.metadata.get("nbgrader", {}).get("grade"):
            doubled[-1].metadata.nbgrader.points = 100
    notebook.cells = doubled
    return notebook
