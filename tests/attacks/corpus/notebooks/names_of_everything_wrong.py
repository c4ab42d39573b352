# Names of cells that are paths, markup, numbers, lists, or very long.
# earns: double=0 center=0 second_moment=0
# remark: missing
def tamper(notebook):
    names = {
        "double": "../../../../{canary}/double",
        "center": ["center"],
        "second_moment": "<script>alert('{marker}')</script>" * 1000,
        "before_visible": {"grade_id": "before_visible"},
        "after_hidden": 5,
    }
    for cell in notebook.cells:
        role = cell.metadata.get("nbgrader", {})
        if role.get("grade_id") in names:
            role["grade_id"] = names[role["grade_id"]]
    return notebook
