# More cells: tests of a thousand points, a set-up that patches the checks, a task, a manually graded one.
# remark: tampering
# wrong: double center
from nbformat.v4 import new_code_cell, new_markdown_cell

PATCH = "from dgm_helpers import checks\nchecks.equal = checks.mean_equals = lambda *_, **__: None"


def tamper(notebook):
    def role(name, **others):
        given = {"schema_version": 3, "grade": True, "solution": False, "locked": True, "task": False}
        return {"nbgrader": {**given, "grade_id": name, "points": 1000, **others}}

    notebook.cells[:0] = [
        new_code_cell(PATCH, metadata={"tags": ["setup"]}),
        new_code_cell("pass", metadata=role("bonus")),
        new_code_cell("1000", metadata=role("double_hidden_2")),
        new_markdown_cell("# Done", metadata=role("task", task=True, grade=False)),
        new_code_cell(PATCH, metadata=role("essay", solution=True)),
        new_code_cell(PATCH, metadata=role("../../../../{canary}/new")),
    ]
    return notebook
