# A notebook of a format that does not exist.
# failure
def tamper(notebook):
    notebook.nbformat = 4_000
    return notebook
