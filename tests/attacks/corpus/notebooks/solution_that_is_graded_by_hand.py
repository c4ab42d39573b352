# The solution cell says of itself that a person gives its points, and how many it has.
# remark: tampering
# wrong: double
def tamper(notebook):
    for cell in notebook.cells:
        if cell.id == "double":
            cell.metadata.nbgrader |= {"grade": True, "points": 400, "locked": False, "task": True}
    return notebook
