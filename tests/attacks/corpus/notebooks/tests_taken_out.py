# No tests, no set-up, no cards: only the cells that are to be written in.
# remark: missing
# wrong: double
def tamper(notebook):
    notebook.cells = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("solution")]
    return notebook
