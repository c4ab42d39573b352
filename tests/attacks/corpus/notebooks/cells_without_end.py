# Five thousand cells, each of which says that it is the solution.
# earns: double=0
# wrong: double
import copy


def tamper(notebook):
    solution = next(cell for cell in notebook.cells if cell.id == "double")
    role = {"nbgrader": {"grade_id": "double", "grade": True, "solution": True}}
    notebook.cells += [{"cell_type": "code", "metadata": role, "source": ""} for _ in range(4_900)]
    notebook.cells += [copy.deepcopy(solution)]
    return notebook
