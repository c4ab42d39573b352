# Code of nothing but white space: what colors it for a page may take minutes.
# earns: double=3 center=3
def tamper(notebook):
    for cell in notebook.cells:
        if cell.id == "double":
            cell.source += "\n" + "\t\n" * 70_000
        if cell.id == "center":
            cell.source += "\n" + " " * 90_000 + "\n" + "\f\n" * 40_000
    return notebook
