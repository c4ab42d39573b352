# Unfinished texts, brackets and names that a tokeniser tries again from each of their characters.
# earns: double=0 center=0 second_moment=0 energy=0 Affine=0
def tamper(notebook):
    for cell in notebook.cells:
        cell.source = SOURCES.get(cell.id, cell.source)
    return notebook


SOURCES = {
    "double": '"a\n' * 60_000,
    "center": 'f"{x:' * 40_000,
    "second-moment": "@" * 190_000,
    "energy": "match (" * 28_000,
    "Affine": "'%(" * 60_000,
}
