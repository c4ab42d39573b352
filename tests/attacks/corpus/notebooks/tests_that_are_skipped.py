# Tags that have a kernel skip a cell, or count its error as expected.
# wrong: double center
def tamper(notebook):
    tags = ["skip-execution", "raises-exception", "nbval-skip", "nbval-ignore-output", "remove_cell", "setup"]
    for cell in notebook.cells:
        cell.metadata["tags"] = [*cell.metadata.get("tags", []), *tags]
        cell.metadata["deletable"] = cell.metadata["editable"] = True
    return notebook
