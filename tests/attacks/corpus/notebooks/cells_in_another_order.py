# Tests before the solutions, everything backwards.
# remark: tampering
# wrong: double
def tamper(notebook):
    notebook.cells.reverse()
    return notebook
