# Letters that look like others, invisible characters, a declared encoding, a long line.
# earns: double=3 center=3
def tamper(notebook):
    for cell in notebook.cells:
        cell.source = SOURCES.get(cell.id, cell.source)
    return notebook


SOURCES = {
    "double": "# -*- coding: utf-16 -*-\ndef double(x):\n    return 2 * x  # \u202e\u2066 x * 3 nruter\u2069\u200b",
    "center": "def center(\u0445):\n    return \u0445 - \u0445.mean(dim=0)  # " + "\U0001f600" * 40_000,
}
