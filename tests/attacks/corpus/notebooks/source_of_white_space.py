# Code of nothing but white space: what colours it for a page may take minutes.
# earns: double=3 centre=3
def tamper(notebook):
    for cell in notebook.cells:
        if cell.id == "double":
            cell.source += "\n" + "\t\n" * 70_000
        if cell.id == "centre":
            cell.source += "\n" + " " * 90_000 + "\n" + "\f\n" * 40_000
    return notebook
