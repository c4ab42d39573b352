# Code that is hard to read for a machine: zero bytes, endless nesting, numbers without end.
# earns: double=0 center=0 second_moment=0 energy=0 Affine=0
def tamper(notebook):
    for cell in notebook.cells:
        cell.source = SOURCES.get(cell.id, cell.source)
    return notebook


SOURCES = {
    "double": "def double(x):\n    return 2 * x\n\x00",
    "center": "-" * 150_000 + "1",
    "second-moment": "x = 1" + "+1" * 60_000,
    "energy": "x = " + "(" * 5_000 + ")" * 5_000,
    "Affine": "x = " + "9" * 100_000,
}
