# Long chains that a parser follows without noticing how deep it has come.
# earns: double=0 center=0 second_moment=0 energy=0 Affine=0
def tamper(notebook):
    for cell in notebook.cells:
        cell.source = SOURCES.get(cell.id, cell.source)
    return notebook


SOURCES = {
    "double": "x" + ".x" * 60_000,
    "center": "".join(" " * n + "if 1:\n" for n in range(95)) + " " * 95 + "pass",
    "second-moment": "lambda:" * 20_000 + "1",
    "energy": "[" * 190 + "]" * 190 + "\nx = " + "f'{" * 50 + "1" + "}'" * 50,
    "Affine": "x = " + "not " * 40_000 + "1",
}
