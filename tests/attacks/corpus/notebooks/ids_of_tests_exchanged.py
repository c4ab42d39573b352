# The tests of a solved exercise under the names of one that is not solved.
# remark: tampering
# wrong: double
def tamper(notebook):
    for cell in notebook.cells:
        role = cell.metadata.get("nbgrader", {})
        name = role.get("grade_id", "")
        if name.startswith("double_"):
            role["grade_id"] = name.replace("double", "before")
        if name.startswith("before_"):
            role["grade_id"] = name.replace("before", "double")
    return notebook
