# Gives the tests more points than there are: four hundred, infinitely many, a negative number, a text.
# remark: tampering
# wrong: double center energy after
def tamper(notebook):
    points = {"double_visible": 400, "center_hidden": 1e999, "energy_visible": -5, "after_visible": "400"}
    for cell in notebook.cells:
        role = cell.metadata.get("nbgrader", {})
        role["points"] = points.get(role.get("grade_id"), role.get("points", 0))
    return notebook
