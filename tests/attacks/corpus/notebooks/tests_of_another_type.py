# Tests turned into text and raw cells, and a solution turned into text.
# earns: double=0 center=0
# wrong: center
def tamper(notebook):
    for cell in notebook.cells:
        if "_visible" in cell.metadata.get("nbgrader", {}).get("grade_id", ""):
            cell.cell_type = "markdown"
        if "_hidden" in cell.metadata.get("nbgrader", {}).get("grade_id", ""):
            cell.cell_type = "raw"
        if cell.id == "double":
            cell.cell_type, cell.source = "markdown", "<script>alert('{marker}')</script>"
    return notebook
