# A solution of ten megabytes, and one of a hundred thousand lines.
# earns: double=0 center=0
def tamper(notebook):
    for cell in notebook.cells:
        if cell.id == "double":
            cell.source += "\n# " + "x" * 10_000_000
        if cell.id == "center":
            cell.source += "\n\n" * 150_000
    return notebook
