# A picture of 25 MB in an output.
# failure
def tamper(notebook):
    notebook.cells[0].outputs = [
        {"output_type": "display_data", "metadata": {}, "data": {"image/png": "A" * 25_000_000}}
    ]
    return notebook
